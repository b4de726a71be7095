//! Whether an answer is what its tool's output schema says. Every answer that the tests here get goes through it, and all tools
//! once in every form.

use domain::tools::Tool;
use serde_json::{Map, Value, json};

use super::{Agent, DOORS, Door};
use crate::support::TestApp;

/// Words of JSON Schema that ask nothing of a value.
const SILENT: [&str; 6] = ["$schema", "$defs", "title", "description", "default", "format"];

/// Fails unless the answer is what the tool's output schema says.
pub fn check(tool: &str, answer: &Value) {
    let schema = tool.parse::<Tool>().unwrap().output_schema();
    if let Err(complaint) = fits(&schema, &schema, answer, tool) {
        panic!("{complaint}: {answer}");
    }
}

/// The words of JSON Schema that our tools use, and a refusal of all others: what nobody checks would seem to hold.
fn fits(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Value::Object(words) = schema else {
        return if schema == &json!(true) { Ok(()) } else { Err(format!("{at}: {schema} allows nothing")) };
    };
    let complain = |why: &str| Err(format!("{at} {why}"));
    for (word, says) in words {
        match word.as_str() {
            word if SILENT.contains(&word) => {}
            "$ref" => {
                let path = says.as_str().unwrap().trim_start_matches('#');
                fits(root, root.pointer(path).unwrap(), value, at)?;
            }
            "type" if !is_of(says, value) => return complain(&format!("is no {says}")),
            "enum" if !says.as_array().unwrap().contains(value) => return complain(&format!("is none of {says}")),
            "const" if says != value => return complain(&format!("is not {says}")),
            "minimum" if value.is_number() && value.as_f64() < says.as_f64() => {
                return complain(&format!("is less than {says}"));
            }
            "maximum" if value.is_number() && value.as_f64() > says.as_f64() => {
                return complain(&format!("is more than {says}"));
            }
            "maxItems" if value.as_array().map(|items| items.len() as u64) > says.as_u64() => {
                return complain(&format!("has more than {says} items"));
            }
            "minItems" if value.as_array().is_some_and(|items| (items.len() as u64) < says.as_u64().unwrap()) => {
                return complain(&format!("has less than {says} items"));
            }
            "maxLength" if value.as_str().map(|text| text.chars().count() as u64) > says.as_u64() => {
                return complain(&format!("is longer than {says}"));
            }
            "minLength"
                if value.as_str().is_some_and(|text| (text.chars().count() as u64) < says.as_u64().unwrap()) =>
            {
                return complain(&format!("is shorter than {says}"));
            }
            "type" | "enum" | "const" | "minimum" | "maximum" | "maxItems" | "minItems" | "maxLength" | "minLength" => {
            }
            "anyOf" | "oneOf" => {
                let ways = says.as_array().unwrap().iter();
                let fitting = ways.filter(|way| fits(root, way, value, at).is_ok()).count();
                if fitting == 0 || (word == "oneOf" && fitting > 1) {
                    return complain(&format!("fits {fitting} of {says}"));
                }
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    fits(root, says, item, &format!("{at}[{number}]"))?;
                }
            }
            "properties" => {
                for (name, schema) in says.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        fits(root, schema, value, &format!("{at}.{name}"))?;
                    }
                }
            }
            "required" => {
                let missing = |name: &&Value| value.is_object() && value.get(name.as_str().unwrap()).is_none();
                if let Some(name) = says.as_array().unwrap().iter().find(missing) {
                    return complain(&format!("has no {name}"));
                }
            }
            "additionalProperties" => {
                let known = words.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
                let mut others = value.as_object().into_iter().flatten().filter(|(name, _)| !known.contains_key(*name));
                others.try_for_each(|(name, value)| fits(root, says, value, &format!("{at}.{name}")))?;
            }
            word => return Err(format!("nobody checks {word:?}")),
        }
    }
    Ok(())
}

fn is_of(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    };
    types.as_array().map_or_else(|| is(types), |types| types.iter().any(is))
}

#[test]
fn what_does_not_fit_is_found() {
    let fitting = json!({ "task_id": "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22", "status": "done", "version": 7 });
    let schema = Tool::UpdateTaskStatus.output_schema();
    let verdict = |change: fn(&mut Map<String, Value>)| {
        let mut answer = fitting.clone();
        change(answer.as_object_mut().unwrap());
        fits(&schema, &schema, &answer, "it")
    };
    assert_eq!(verdict(|_| {}), Ok(()));
    let wrong: [fn(&mut Map<String, Value>); 4] = [
        |answer| drop(answer.remove("status")),
        |answer| drop(answer.insert("version".into(), json!("7"))),
        |answer| drop(answer.insert("status".into(), json!("finished"))),
        |answer| drop(answer.insert("colour".into(), json!("red"))),
    ];
    for (number, change) in wrong.into_iter().enumerate() {
        assert!(verdict(change).is_err(), "{number}");
    }
}

/// Calls a tool, whose answer is checked on its way here.
async fn done(agent: &Agent, door: Door, tool: &str, arguments: Value) -> Value {
    agent.outcome(door, tool, &arguments).await.unwrap_or_else(|error| panic!("{tool} {arguments}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_answers_what_its_output_schema_says_with_and_without_all_there_can_be() {
    let app = TestApp::new().await;
    app.run_reconciler();
    for door in DOORS {
        let agent = Agent::launch(&app, &format!("user-{door:?}").to_lowercase()).await;
        let call = async |tool, arguments| done(&agent, door, tool, arguments).await;
        let listed = call("list_my_tasks", json!({ "limit": 1 })).await;
        assert_eq!(listed["next_cursor"], Value::Null);
        let taken = call("get_next_task", json!({})).await;
        let (task, epoch) = (&taken["task"]["id"], &taken["lease"]["epoch"]);
        assert_eq!(call("get_next_task", json!({})).await["resumed"], true);
        let report = json!({
            "task_id": task, "lease_epoch": epoch, "summary": "sawing", "percent": 40, "link": "https://example.org/x",
        });
        assert_eq!(call("report_progress", report.clone()).await["instructions"], Value::Null);
        let note = json!({ "markdown": "Use oak." });
        let browser = app.browser_of(agent.user).await;
        let noted = browser.post(&format!("/api/tasks/{}/notes", task.as_str().unwrap()), &note).await;
        assert_eq!(noted.status, 201, "{}", noted.text());
        let told = call("report_progress", report).await;
        assert!(told["instructions"].as_str().unwrap().ends_with("wrote: Use oak."), "{told}");
        call("add_task_note", json!({ "task_id": task, "markdown": "*bold*" })).await;
        let part =
            json!({ "parent_task_id": task, "title": "Sand it", "description": "all", "acceptance": ["smooth"] });
        call("create_subtask", part.clone()).await;
        let mut own = part;
        own["assign"] = json!("self");
        let own = call("create_subtask", own).await;
        assert!(own["lease"].is_object(), "{own}");
        let asks = json!({
            "task_id": task, "wait_seconds": 0, "default_option": "Blue", "expires_in_s": 600,
            "questions": [{ "header": "Paint", "question": "Which?", "options": [{ "label": "Blue" }, { "label": "Red" }] }],
        });
        let asked = call("ask_user_question", asks).await;
        let check = json!({ "question_id": asked["question_id"] });
        assert_eq!(call("check_question_response", check.clone()).await["status"], "pending");
        let path = format!("/api/questions/{}/answer", asked["question_id"].as_str().unwrap());
        let answers = json!({ "answers": [{ "selected": ["Blue"], "text": "please" }] });
        assert_eq!(browser.post(&path, &answers).await.status, 200);
        assert_eq!(call("check_question_response", check).await["status"], "answered");
        let seen = call("get_task", json!({ "task_id": task })).await;
        assert!(["questions", "notes", "subtasks"].iter().all(|list| !seen[*list].as_array().unwrap().is_empty()));
        let ended = json!({
            "task_id": task, "lease_epoch": epoch, "status": "in_review", "summary": "painted",
            "result": { "branch": "b", "commit": "0123456789abcdef0123456789abcdef01234567", "pull_request": "https://example.org/1", "notes": "n" },
        });
        assert_eq!(call("update_task_status", ended).await["status"], "in_review");
        let listed = call("list_my_tasks", json!({ "limit": 1 })).await;
        assert!(listed["next_cursor"].is_string(), "{listed}");
    }
}
