//! The Kubernetes runtime against a real cluster: its API server, its controllers, its kubelet, and agents of the real image.
//! `make test-cluster` starts one and says where it is:
//!
//! - `KUBECONFIG`: the cluster, with an account that may do everything; the runtime itself gets only the Role of `k8s/base`,
//! - `AIWORKER_TEST_IMAGE`: the agents' image, which the cluster can fetch or has,
//! - `AIWORKER_TEST_STORAGE_CLASS`: for agents' volumes.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, and names things by the time"
)]

mod configs;
mod doctor;
mod faults;
mod foreign;
mod lifecycle;
mod permissions;
#[path = "../process/viewer.rs"]
#[expect(dead_code, reason = "its terminal emulator is for other tests")]
mod viewer;
mod walk;
mod watches;
mod wire;
mod world;
