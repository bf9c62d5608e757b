// A wallet of the Wallet Standard, for tests: it signs by `window.__sign`, which the test gives it.

// Only window events, no library: what a wallet's extension does.
export function install({ address, kind }) {
  const account = { address, publicKey: new Uint8Array(32), chains: ['solana:localnet'], features: [] };
  const signed = async (transaction) => {
    // Its own signature is the first; others may be there already.
    const start = 1 + 64 * transaction[0];
    const message = transaction.slice(start);
    const bytes = Uint8Array.from([transaction[0], ...(await window.__sign([...message])), ...transaction.slice(65, start), ...message]);
    // A wallet that changes what it was given: the last byte of an amount.
    if (kind === 'changing') bytes[bytes.length - 2] ^= 1;
    return bytes;
  };
  const signIn = async (input) => {
    const text = [
      `${input.domain} wants you to sign in with your Solana account:`,
      address,
      '',
      input.statement,
      '',
      `URI: ${input.uri}`,
      `Version: ${input.version}`,
      `Chain ID: ${input.chainId}`,
      `Nonce: ${input.nonce}`,
      `Issued At: ${input.issuedAt}`,
      `Expiration Time: ${input.expirationTime}`,
    ].join('\n');
    // As wallets do: nothing is signed for another site than the one that asks.
    if (input.domain !== location.host) throw new Error(`this is ${location.host}, not ${input.domain}`);
    const signedMessage = new TextEncoder().encode(text);
    const signature = Uint8Array.from(await window.__sign([...signedMessage]));
    return [{ account, signedMessage, signature }];
  };
  const sending = {
    'solana:signAndSendTransaction': {
      version: '1.0.0',
      supportedTransactionVersions: ['legacy', 0],
      signAndSendTransaction: async ({ transaction }) => {
        const bytes = await signed(transaction);
        await window.__send([...bytes]);
        return [{ signature: bytes.slice(1, 65) }];
      },
    },
  };
  const signing = {
    'solana:signTransaction': {
      version: '1.0.0',
      supportedTransactionVersions: ['legacy', 0],
      signTransaction: async ({ transaction }) => [{ signedTransaction: await signed(transaction) }],
    },
  };
  const wallet = {
    version: '1.0.0',
    name: 'Test Wallet',
    icon: 'data:image/svg+xml;base64,PHN2Zy8+',
    chains: ['solana:localnet'],
    accounts: [],
    features: {
      'standard:connect': { version: '1.0.0', connect: async () => ({ accounts: [account] }) },
      'solana:signIn': { version: '1.0.0', signIn },
      ...(kind === 'sending' ? sending : signing),
    },
  };
  const register = ({ register }) => register(wallet);
  window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail: register }));
  window.addEventListener('wallet-standard:app-ready', (event) => register(event.detail));
}
