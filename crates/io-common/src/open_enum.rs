//! Enums that accounts and instructions hold as one byte.
//!
//! An account's bytes are read in place, and may hold a number that no variant has, so that a Rust enum cannot
//! stand for them. [`open_enum!`] writes a type that is one byte of any value, has a constant for each variant,
//! and is an enum in the program's IDL. Programs check [`is_known`](crate::abi::JobState::is_known) what
//! instructions name.

/// An enum of one byte whose value may be unknown; it looks like an enum, and its variants are constants.
///
/// Numbers count from 0, as the IDL numbers variants. Each variant's text becomes a line of the type's docs
/// there, `* Variant - text`, for want of a better place.
#[macro_export]
macro_rules! open_enum {
    (
        $(#[doc = $about:literal])+
        pub enum $name:ident {
            $($(#[doc = $text:literal])+ $variant:ident = $number:literal,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(transparent)]
        pub struct $name(u8);

        #[allow(non_upper_case_globals)]
        impl $name {
            $($(#[doc = $text])+ pub const $variant: Self = Self($number);)+

            /// The variant of a number, or what stands for an unknown one.
            pub const fn of(number: u8) -> Self {
                Self(number)
            }

            /// The variant's number.
            pub const fn number(self) -> u8 {
                self.0
            }

            /// Whether the value is one of the variants.
            pub const fn is_known(self) -> bool {
                $(self.0 == $number)||+
            }
        }

        const _: () = {
            enum Position {
                $($variant,)+
            }
            assert!($(Position::$variant as u8 == $number)&&+);
        };

        impl anchor_lang::AnchorSerialize for $name {
            fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
                anchor_lang::AnchorSerialize::serialize(&self.0, writer)
            }
        }

        impl anchor_lang::AnchorDeserialize for $name {
            fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
                <u8 as anchor_lang::AnchorDeserialize>::deserialize_reader(reader).map(Self)
            }
        }

        #[cfg(feature = "idl-build")]
        impl anchor_lang::IdlBuild for $name {
            fn create_type() -> Option<anchor_lang::idl::types::IdlTypeDef> {
                use anchor_lang::idl::types::{IdlEnumVariant, IdlTypeDef, IdlTypeDefTy};
                let mut docs = vec![$($about.trim().to_owned()),+, String::new()];
                $(docs.push(format!("* {} -{}", stringify!($variant), [$($text),+].concat()));)+
                let variants = vec![$(IdlEnumVariant { name: stringify!($variant).into(), fields: None }),+];
                Some(IdlTypeDef {
                    name: Self::get_full_path(),
                    docs,
                    serialization: Default::default(),
                    repr: None,
                    generics: vec![],
                    ty: IdlTypeDefTy::Enum { variants },
                })
            }

            fn insert_types(_: &mut std::collections::BTreeMap<String, anchor_lang::idl::types::IdlTypeDef>) {}

            fn get_full_path() -> String {
                format!("{}::{}", module_path!(), stringify!($name))
            }
        }
    };
}
