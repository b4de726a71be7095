//! A server with a data folder of its own, an account, and agents in a namespace of its own.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    support::Client,
    support::{Program, Running},
    wire::Wire,
    world::{World, eventually},
};

/// What outlives a server that is killed.
pub struct Place {
    pub world: World,
    pub wire: Wire,
    kubeconfig: std::path::PathBuf,
    folder: tempfile::TempDir,
}

/// A server that runs, as its only user sees it.
pub struct Served {
    pub running: Running,
    pub user: Client,
    pub admin: Client,
}

impl Place {
    pub async fn new() -> Self {
        Self::of(World::new().await).await
    }

    pub async fn of(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (wire, _) = world.wired().await;
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, wire.kubeconfig()).unwrap();
        Self { world, wire, kubeconfig, folder }
    }

    /// Starts a server behind the wire; the first one makes the account.
    pub async fn serve(&self) -> Served {
        self.start(&self.kubeconfig, &[]).await
    }

    /// Starts a server that reaches the cluster itself, with further settings.
    pub async fn serve_straight(&self, chosen: &[(&str, &str)]) -> Served {
        self.start(self.world.config.kubeconfig.as_deref().unwrap(), chosen).await
    }

    async fn start(&self, kubeconfig: &Path, chosen: &[(&str, &str)]) -> Served {
        let config = &self.world.config;
        let program = Program::new(&self.folder.path().join("data"), &["--runtime", "kubernetes"])
            .env("AIWORKER_KUBECONFIG", kubeconfig.to_str().unwrap())
            .env("AIWORKER_AGENT_NAMESPACE", &config.namespace)
            .env("AIWORKER_AGENT_IMAGE", &config.image)
            .env("AIWORKER_STORAGE_CLASS", &config.storage_class)
            .env("AIWORKER_IMAGE_PULL_SECRET", "")
            .env("AIWORKER_CPU_REQUEST", "10m")
            .env("AIWORKER_MEMORY_REQUEST_MIB", "64")
            .env("AIWORKER_AGENTS_PER_USER", "10000")
            .env("AIWORKER_REGISTRATION", "open")
            .with_admin();
        let program = chosen.iter().fold(program, |program, (name, value)| program.env(name, value));
        let running = program.start().await;
        let nobody = Client::new(running.address.parse().unwrap());
        let user = enter(&nobody, "ann").await;
        let admin = Client::new(running.admin());
        Served { running, user, admin }
    }

    /// Ends the place: nothing of it is left in the cluster.
    pub async fn end(self) {
        assert_eq!(self.world.left().await, Vec::<String>::new());
        self.world.end().await;
    }
}

/// Makes an account, or signs in to the one that is there.
async fn enter(nobody: &Client, name: &str) -> Client {
    let credentials = json!({ "username": name, "password": "correct horse battery" });
    let mut signed_in = nobody.post("/api/auth/register", &credentials).await;
    if signed_in.status != 201 {
        signed_in = nobody.post("/api/auth/login", &credentials).await;
    }
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    nobody.with_header("cookie", cookie)
}

impl Served {
    /// The same server as somebody else sees it.
    pub async fn another(&self, name: &str) -> Client {
        enter(&Client::new(self.running.address.parse().unwrap()), name).await
    }

    pub async fn project(&self) -> String {
        self.user.made("/api/projects", &json!({ "name": "p" })).await
    }

    /// The path of a new agent.
    pub async fn launch(&self, project: &str) -> String {
        let launched = self.user.post("/api/agents/launch", &json!({ "project_id": project })).await;
        assert_eq!(launched.status, 202, "{}", launched.text());
        format!("/api/agents/{}", launched.data()["agentId"].as_str().unwrap())
    }

    /// Waits until the agent is as `fits` says.
    pub async fn until(&self, what: &str, agent: &str, fits: impl Fn(&Value) -> bool) {
        let mut last = Value::Null;
        let found = eventually(async || {
            last = self.user.get(agent).await.data();
            fits(&last).then_some(())
        });
        assert!(found.await.is_some(), "{what}");
    }

    /// Deletes the agent and waits until nothing of it is known.
    pub async fn delete(&self, agent: &str) {
        assert_eq!(self.user.delete(agent).await.status, 202);
        let gone = eventually(async || (self.user.get(agent).await.status == 404).then_some(()));
        assert!(gone.await.is_some(), "the agent is gone");
    }

    pub async fn orphans(&self) -> Vec<Value> {
        self.user.get("/api/orphans").await.data().as_array().unwrap().clone()
    }
}
