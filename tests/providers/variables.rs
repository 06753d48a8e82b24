//! Variables from the environment.

use wasmtime_wasi::WasiCtxBuilder;

use crate::bindings::variables::Provider;
use crate::bindings::variables::exports::fermyon::spin::variables::Error;
use crate::instance::{RUNTIME, component, store};

const ENVIRONMENT: [(&str, &str); 4] = [
    ("VECTRA_TOKEN_SECRET", "a secret"),
    ("VECTRA_CONFIG", "{}"),
    ("VECTRA_EMPTY", ""),
    ("PATH", "/bin"),
];

#[test]
fn a_variable_is_what_the_environment_says_of_it() {
    let mut wasi = WasiCtxBuilder::new();
    let (mut store, linker) = store(wasi.envs(&ENVIRONMENT));
    let variables = component("variables-env");
    RUNTIME.block_on(async {
        let provider = Provider::instantiate_async(&mut store, &variables, &linker);
        let provider = provider.await.unwrap();
        let mut get = async |name: &str| {
            let variables = provider.fermyon_spin_variables();
            variables.call_get(&mut store, name).await.unwrap()
        };
        for (name, value) in [
            ("token_secret", "a secret"),
            ("vectra_config", "{}"),
            ("config", "{}"),
            ("empty", ""),
        ] {
            assert_eq!(get(name).await.unwrap(), value, "{name}");
        }
        for name in ["path", "data_key", "vectra_vectra_config"] {
            let error = get(name).await.unwrap_err();
            assert!(matches!(&error, Error::Undefined(_)), "{name}: {error:?}");
        }
        for name in [
            "", "PATH", "a-b", "a__b", "_a", "a_", "1a", "a b", "é", "a=",
        ] {
            let error = get(name).await.unwrap_err();
            assert!(matches!(&error, Error::InvalidName(_)), "{name}: {error:?}");
        }
    });
}
