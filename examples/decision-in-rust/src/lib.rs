//! The decision component alone in another host: wasmtime, a linker that offers nothing but
//! `wasi:cli` and `wasi:io`, and one function to call.
//!
//! `values.rs` reads and writes JSON by the types that the component itself tells. A host
//! that builds its inputs in code takes the typed records of
//! `wasmtime::component::bindgen!` over `wit/decision` instead.

mod values;

use std::path::Path;

use serde_json::Value;
use wasmtime::component::{Component, HasData, InstancePre, Linker, ResourceTable, Type, Val};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result, Store, bail};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::p2::bindings::{cli, sync};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// The interface of the decision component.
const ENGINE: &str = "vectra:decision/engine@0.1.0";

/// The compiled component, ready to be instantiated; may be shared by threads.
pub struct Decider {
    engine: Engine,
    component: InstancePre<State>,
}

impl Decider {
    /// Compiles the component in `file`.
    ///
    /// # Errors
    /// If it is no component, or imports more than `wasi:cli` and `wasi:io`.
    pub fn load(file: &Path) -> Result<Self> {
        let engine = Engine::default();
        let component = Component::from_file(&engine, file)?;
        let component = linker(&engine)?.instantiate_pre(&component)?;
        Ok(Self { engine, component })
    }

    /// Evaluates one `vectra:decision/types.input`. The answer is `decided`, or says what
    /// to ask before evaluating the same input again with the answer in it.
    ///
    /// # Errors
    /// If `input` does not have the form of the record. The component itself never fails.
    pub fn evaluate(&self, input: &Value) -> Result<Value> {
        // An instance for each request keeps nothing of the one before.
        let mut store = Store::new(&self.engine, State::default());
        let instance = self.component.instantiate(&mut store)?;
        let interface = instance.get_export_index(&mut store, None, ENGINE);
        let evaluate = instance
            .get_export_index(&mut store, interface.as_ref(), "evaluate")
            .and_then(|index| instance.get_func(&mut store, index))
            .with_context(|| format!("it exports no {ENGINE}"))?;
        let parameters: Vec<Type> = evaluate
            .ty(&store)
            .params()
            .map(|(_, of_type)| of_type)
            .collect();
        let [of_type] = parameters.as_slice() else {
            bail!("`evaluate` does not take one input");
        };
        let mut answer = [Val::Bool(false)];
        evaluate.call(
            &mut store,
            &[values::read(input, of_type, "input")?],
            &mut answer,
        )?;
        let [answer] = answer;
        values::write(answer)
    }
}

/// What a host of the decision component has to offer: nothing of clocks, files, random
/// numbers, sockets or HTTP. And of `wasi:cli` the component uses nothing: arguments and
/// environment are empty, and nobody reads what is written.
fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<State, Io>(l, State::table)?;
    sync::io::poll::add_to_linker::<State, Io>(l, State::table)?;
    sync::io::streams::add_to_linker::<State, Io>(l, State::table)?;
    Ok(linker)
}

/// What a store holds: a context that can do nothing.
#[derive(Default)]
struct State(WasiCtx, ResourceTable);

impl State {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.1
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.0,
            table: &mut self.1,
        }
    }
}

/// `wasi:io` needs the table of resources only.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}
