//! A compiled component and the engine it was compiled for.

use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy};
use wasmtime::{OptLevel, PoolingAllocationConfig};

use crate::limits::SPARE_INSTANCES;
use crate::meter::Ticker;
use crate::{HostError, Limits};

/// Core instances of one composed component: each part has its module, and every
/// composition adds adapters.
const CORE_INSTANCES: u32 = 64;
/// Linear memories of one composed component.
const MEMORIES: u32 = 12;
/// Tables of one composed component.
const TABLES: u32 = 32;
/// Bytes of a freed memory that stay mapped, so that the next instance does not
/// fault them in again (measured: 54 to 37 µs per instance of three components).
const KEEP_RESIDENT: usize = 256 << 10;

/// A component, compiled, with the engine that runs it.
pub struct Bundle {
    pub(crate) engine: Engine,
    pub(crate) component: Component,
    pub(crate) limits: Limits,
    pub(crate) ticker: Ticker,
}

impl Bundle {
    /// Compiles a component (binary or text), or takes it from the cache folder,
    /// which must be an absolute path that only its owner may write to: what is
    /// in it is run as machine code.
    ///
    /// # Errors
    /// [`HostError::Engine`] or [`HostError::Component`].
    pub fn load(wasm: &[u8], limits: &Limits, cache: Option<&Path>) -> Result<Self, HostError> {
        let config = configuration(limits, cache).map_err(HostError::Engine)?;
        let engine = Engine::new(&config).map_err(HostError::Engine)?;
        let component = Component::new(&engine, wasm).map_err(HostError::Component)?;
        let ticker = Ticker::start(&engine)?;
        Ok(Self {
            engine,
            component,
            limits: *limits,
            ticker,
        })
    }

    /// Whether the component exports an interface whose name begins so.
    pub(crate) fn exports_any_of(&self, package: &str) -> bool {
        let component = self.component.component_type();
        component
            .exports(&self.engine)
            .any(|(name, _)| name.starts_with(package))
    }
}

fn configuration(limits: &Limits, cache: Option<&Path>) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20)
        .wasm_component_model_async(false)
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    if let Some(folder) = cache {
        let mut cache = CacheConfig::new();
        cache.with_directory(folder);
        config.cache(Some(Cache::new(cache)?));
    }
    Ok(config)
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let instances = limits.concurrent_requests.saturating_add(SPARE_INSTANCES);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(limits.memory)
        .max_unused_warm_slots(instances)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(16 << 10)
        .async_stack_keep_resident(16 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}
