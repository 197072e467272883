//! What is generated, as a file to read: `expanded/store.rs`.
//!
//! `PINTLE_BLESS=1 cargo test -p pintle-macros` writes it anew.

use std::path::Path;

use quote::quote;

#[test]
fn what_is_generated_for_a_store_is_the_committed_file() {
    let store = quote! {
        /// Values by keys.
        pub trait Store {
            /// Puts a value under a key.
            #[pintle(idempotent)]
            async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError>;

            /// How many bytes there are, told to `progress` as they are counted.
            #[pintle(deadline = "5s")]
            async fn count(
                &self,
                #[pintle(default)] prefix: String,
                progress: pintle::Callback<dyn Progress>,
            ) -> Result<u64, StoreError> {
                progress.at(0).await;
                Ok(0)
            }

            /// Forgets a key, some time.
            async fn forget(&self, key: String);
        }
    };
    let options = quote!(package = "store.v1");
    let generated = crate::interface::expand(options, store).expect("it is an interface");
    let file = syn::parse2(generated).expect("it is Rust");
    let text = prettyplease::unparse(&file);

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/expanded/store.rs");
    if std::env::var_os("PINTLE_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (is, was)) in text.lines().zip(committed.lines()).enumerate() {
        assert_eq!(
            is,
            was,
            "line {}; PINTLE_BLESS=1 writes the file anew",
            number + 1
        );
    }
    assert_eq!(
        text.len(),
        committed.len(),
        "PINTLE_BLESS=1 writes the file anew"
    );
}
