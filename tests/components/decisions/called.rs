//! The exports of the components that decide, as the imports that the gateway sees: an
//! instance of each for each thread.

use std::cell::RefCell;
use std::sync::LazyLock;

use vectra_tests::dist::dist;
use wasmtime::component::{Component, Instance, InstancePre, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

#[allow(clippy::all, clippy::pedantic, missing_docs, unused)]
mod exported {
    wasmtime::component::bindgen!({
        path: "../wit/decision",
        interfaces: "
            export vectra:decision/engine@0.1.0;
            export vectra:decision/policy@0.1.0;
            export vectra:decision/semantic@0.1.0;
        ",
    });
}

use exported::exports::vectra::decision as wit;
pub use exported::vectra::decision::types;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::new()).unwrap());

struct State(WasiCtx, ResourceTable);

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.0,
            table: &mut self.1,
        }
    }
}

/// An instance of a component, with what is found of its exports.
struct Guest<E> {
    store: Store<State>,
    exports: E,
}

fn guest<E>(
    name: &str,
    find: impl FnOnce(&InstancePre<State>, &mut Store<State>, &Instance) -> E,
) -> RefCell<Guest<E>> {
    let file = dist(&format!("components/{name}.wasm")).unwrap();
    let component = Component::from_file(&ENGINE, file).unwrap();
    let mut linker: Linker<State> = Linker::new(&ENGINE);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();
    let state = State(WasiCtx::default(), ResourceTable::new());
    let mut store = Store::new(&ENGINE, state);
    let instance = pre.instantiate(&mut store).unwrap();
    let exports = find(&pre, &mut store, &instance);
    RefCell::new(Guest { store, exports })
}

/// A module as the gateway imports it, over an instance of a component.
macro_rules! calls {
    ($interface:ident of $component:literal: $($name:ident($($argument:ident: $type:ty),*) -> $result:ty, $call:ident;)+) => {
        pub mod $interface {
            pub use super::wit::$interface::*;

            thread_local! {
                static GUEST: std::cell::RefCell<super::Guest<Guest>> =
                    super::guest($component, |pre, store, instance| {
                        let indices = GuestIndices::new(pre).unwrap();
                        indices.load(store, instance).unwrap()
                    });
            }

            $(pub fn $name($($argument: $type),*) -> $result {
                GUEST.with_borrow_mut(|guest| {
                    guest.exports.$call(&mut guest.store, $($argument),*).unwrap()
                })
            })+
        }
    };
}

calls! { engine of "decision":
    evaluate(input: &super::types::Input) -> Evaluation, call_evaluate;
}
calls! { policy of "policy-rules":
    compile(source: &str) -> Result<Compiled, Vec<Problem>>, call_compile;
    evaluate(code: &[u8], question: &Question) -> Answer, call_evaluate;
    recall(code: &[u8], recollection: &Recollection) -> Result<super::types::Verdict, Vec<String>>, call_recall;
}
calls! { semantic of "semantic-none":
    describe(config: &str) -> Description, call_describe;
    classify(config: &str, question: &Question) -> super::types::Intent, call_classify;
}
