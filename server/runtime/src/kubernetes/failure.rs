//! From what the API server answers to what is said to people.

use domain::{Explanation, Reason};
use kube::Error;

use super::classify;
use crate::RuntimeError;

/// What an answer of the API server that is not the wanted one means.
pub(super) fn from_answer(what: &'static str, error: Error) -> RuntimeError {
    let Error::Api(status) = &error else {
        return RuntimeError::Unavailable {
            what: format!("{what}: the cluster does not answer"),
            source: std::io::Error::other(error),
        };
    };
    let raw = status.message.as_str();
    match status.code {
        404 if raw.contains("namespaces") => refused(
            Reason::Configuration,
            "The namespace for agents is missing in the cluster. An operator must make it; `aiworker doctor` says how.",
            raw,
        ),
        404 => RuntimeError::NotFound,
        401 => refused(
            Reason::Forbidden,
            "The cluster does not accept AiWorker's credentials. An operator must renew them; `aiworker doctor` says more.",
            raw,
        ),
        403 if raw.contains("exceeded quota") || raw.contains("denied the request") || raw.contains("PodSecurity") => {
            let (reason, sentence) = classify::refused(raw);
            refused(reason, &sentence, raw)
        }
        403 => refused(
            Reason::Forbidden,
            "AiWorker lacks a permission in the cluster. An operator must grant it; `aiworker doctor` says which.",
            raw,
        ),
        // Only a write that is not by force: somebody else holds what it says.
        409 if raw.starts_with("Apply failed with") => refused(
            Reason::NameTaken,
            "Somebody else's object in the cluster has a name that AiWorker needs. An operator must rename or delete it.",
            raw,
        ),
        400 | 422 => refused(
            Reason::Configuration,
            "The cluster does not accept the agent's objects. An operator must look at the settings.",
            raw,
        ),
        _ => RuntimeError::Unavailable { what: format!("{what}: {raw}"), source: std::io::Error::other(error) },
    }
}

fn refused(reason: Reason, sentence: &str, raw: &str) -> RuntimeError {
    RuntimeError::Refused { reason, message: Explanation::join(sentence, raw) }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn answer(code: u16, message: &str) -> RuntimeError {
        let status = Status { code, message: message.to_owned(), ..Status::default() };
        from_answer("starting the agent", Error::Api(Box::new(status)))
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let reason = |code, message: &str| match answer(code, message) {
            RuntimeError::Refused { reason, message: text } => {
                assert_eq!(Explanation::split(&text).raw, message);
                Some(reason)
            }
            _ => None,
        };
        assert_eq!(reason(404, "namespaces \"agents\" not found"), Some(Reason::Configuration));
        assert_eq!(reason(401, "Unauthorized"), Some(Reason::Forbidden));
        assert_eq!(reason(403, "secrets is forbidden: User \"x\" cannot patch"), Some(Reason::Forbidden));
        assert_eq!(reason(403, "secrets \"a\" is forbidden: exceeded quota: agents"), Some(Reason::Quota));
        assert_eq!(reason(422, "StatefulSet.apps \"a\" is invalid"), Some(Reason::Configuration));
        assert_eq!(reason(409, "the object has been modified"), None);
        assert_eq!(reason(409, "Apply failed with 1 conflict: .spec.selector"), Some(Reason::NameTaken));
        assert_eq!(reason(503, "etcd is away"), None);
    }

    #[test]
    fn what_is_gone_is_not_found() {
        assert!(matches!(answer(404, "pods \"agent-0\" not found"), RuntimeError::NotFound));
    }
}
