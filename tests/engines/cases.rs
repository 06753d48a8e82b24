//! The cases that the rules pass.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;
use vectra_tests::conformance::{Case, Deployment, Group, GroupRun, Host, Records, run_case};
use vectra_tests::database::Source;
use vectra_tests::dist::{dist, repository};
use vectra_tests::process::{ADMIN_KEY, Home, Setup, TOKEN_SECRET, Vectra};

use crate::ENGINES;

/// Cases that put policies in the rules' own form or show it; the README has the table.
const OF_THE_RULES: [&str; 2] = [
    "a_change_of_policy_holds_from_the_next_request_on",
    "shows_policies",
];

static COMPILING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A gateway under `vectra up` with another engine's bundle.
pub struct OtherEngine {
    vectra: Option<Vectra>,
    home: Home,
    engine: String,
}

impl OtherEngine {
    pub async fn up(engine: &str, setup: Setup) -> Result<Self> {
        let home = Home::new(setup)?;
        let bundle = dist(&format!("examples/vectra-{engine}.wasm"))?;
        // The first compiles it, which takes all cores; the others find it compiled.
        let alone = COMPILING.lock().await;
        let vectra = Some(home.up_with(&bundle).await?);
        drop(alone);
        let engine = engine.to_owned();
        Ok(Self {
            vectra,
            home,
            engine,
        })
    }

    pub fn address(&self) -> &str {
        self.vectra.as_ref().unwrap().address()
    }

    pub fn home(&self) -> &Home {
        &self.home
    }
}

impl Host for OtherEngine {
    type Place = String;

    async fn start(group: &Group, upstreams: &[String], engine: &String) -> Result<Self> {
        let setup = Setup {
            settings: group.settings.clone(),
            policies: texts(&group.policies),
            allowed_upstreams: upstreams.to_vec(),
            ..Setup::default()
        };
        Self::up(engine, setup).await
    }

    fn deployment(&self) -> Result<Deployment> {
        let vectra = self.vectra.as_ref().context("it does not run")?;
        Ok(Deployment {
            address: vectra.address().to_owned(),
            admin_key: ADMIN_KEY.to_owned(),
            token_secret: Some(TOKEN_SECRET.to_owned()),
            records: Records::Database(Source::File(self.home.database())),
        })
    }

    fn set_policy(&mut self, file: &str, text: Option<&str>) -> Result<()> {
        match text {
            Some(text) => self.home.write_policy(file, text),
            None => self.home.remove_policy(file),
        }
    }

    async fn restart(&mut self) -> Result<()> {
        if let Some(vectra) = self.vectra.take() {
            vectra.stop().await?;
        }
        let bundle = dist(&format!("examples/vectra-{}.wasm", self.engine))?;
        self.vectra = Some(self.home.up_with(&bundle).await?);
        Ok(())
    }
}

fn texts(policies: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let policies = policies.iter();
    policies
        .map(|(file, policy)| (file.clone(), policy.to_string()))
        .collect()
}

/// The policies of a folder of `examples/policies/ENGINE/cases`, by file name.
fn written(engine: &str, folder: &str) -> BTreeMap<String, Value> {
    let folder: PathBuf = repository("examples/policies")
        .join(engine)
        .join("cases")
        .join(folder);
    let mut policies = BTreeMap::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        policies.insert(name, serde_json::from_str(&text).unwrap());
    }
    policies
}

#[tokio::test]
async fn other_engines_pass_the_conformance_cases_on_policies() {
    let text = fs::read_to_string(repository("tests/conformance/policies.json")).unwrap();
    let group: Group = serde_json::from_str(&text).unwrap();
    for engine in ENGINES {
        let policies = written(engine, "conformance");
        let names = |policies: &BTreeMap<String, Value>| -> Vec<String> {
            policies.keys().cloned().collect()
        };
        assert_eq!(names(&policies), names(&group.policies), "{engine}");
        let group = Group {
            policies,
            ..group.clone()
        };
        let mut run: GroupRun<OtherEngine> =
            GroupRun::start(&group, &engine.to_owned()).await.unwrap();
        let cases: Vec<&Case> = group
            .cases
            .iter()
            .filter(|case| !OF_THE_RULES.contains(&case.name.as_str()))
            .collect();
        assert_eq!(cases.len() + OF_THE_RULES.len(), group.cases.len());
        for case in cases {
            let done = run_case(&mut run, case).await;
            done.unwrap_or_else(|error| panic!("{engine}: {}: {error:#}", case.name));
        }
    }
}

#[tokio::test]
async fn the_shipped_policies_written_for_another_engine_pass_their_cases() {
    for engine in ENGINES {
        let gateway = OtherEngine::up(engine, Setup::default()).await.unwrap();
        let home = gateway.home();
        fs::create_dir(home.path("tried")).unwrap();
        let policies = written(engine, "policies");
        assert_eq!(policies.len(), 6, "{engine}");
        for (file, policy) in &policies {
            let name = file.strip_suffix(".json").unwrap();
            let cases = format!("{name}.test.json");
            let to = home.path("tried").join(&cases);
            fs::copy(repository("policies").join(&cases), to).unwrap();
            fs::write(home.path("tried").join(file), policy.to_string()).unwrap();
        }
        let url = format!("http://{}", gateway.address());
        let mut command = home
            .command(&["policy", "test", "tried", "-o", "json"])
            .unwrap();
        command.env("VECTRA_URL", url).env("VECTRA_KEY", ADMIN_KEY);
        let ran = command.output();
        let ran = tokio::time::timeout(vectra_tests::DEADLINE, ran).await;
        let ran = ran.unwrap().unwrap();
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        let report: Value = serde_json::from_slice(&ran.stdout).expect(&errors);
        assert_eq!(report["files"].as_array().unwrap().len(), 6, "{report}");
        assert_eq!(report["failed"], 0, "{engine}: {report}");
    }
}
