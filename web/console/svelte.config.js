export default {
  compilerOptions: {
    runes: true,
    // Of what it is, not of where: parts in ../common would else be named by the path of this checkout.
    cssHash: ({ css, hash }) => `svelte-${hash(css)}`,
  },
};
