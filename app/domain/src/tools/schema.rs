//! JSON schemas of what the tools take and answer, each complete in itself.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::{Tool, input, output};

pub(super) fn input(tool: Tool) -> Value {
    match tool {
        Tool::GetNextTask => of::<input::GetNextTask>(),
        Tool::UpdateTaskStatus => of::<input::UpdateTaskStatus>(),
        Tool::AskUserQuestion => of::<input::AskUserQuestion>(),
        Tool::CheckQuestionResponse => of::<input::CheckQuestionResponse>(),
        Tool::CreateSubtask => of::<input::CreateSubtask>(),
        Tool::ReportProgress => of::<input::ReportProgress>(),
        Tool::GetTask => of::<input::GetTask>(),
        Tool::ListMyTasks => of::<input::ListMyTasks>(),
        Tool::AddTaskNote => of::<input::AddTaskNote>(),
    }
}

pub(super) fn output(tool: Tool) -> Value {
    match tool {
        Tool::GetNextTask => of::<output::GetNextTaskOutput>(),
        Tool::UpdateTaskStatus => of::<output::UpdateTaskStatusOutput>(),
        Tool::AskUserQuestion => of::<output::AskUserQuestionOutput>(),
        Tool::CheckQuestionResponse => of::<output::CheckQuestionResponseOutput>(),
        Tool::CreateSubtask => of::<output::CreateSubtaskOutput>(),
        Tool::ReportProgress => of::<output::ReportProgressOutput>(),
        Tool::GetTask => of::<output::GetTaskOutput>(),
        Tool::ListMyTasks => of::<output::ListMyTasksOutput>(),
        Tool::AddTaskNote => of::<output::AddTaskNoteOutput>(),
    }
}

fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_strict_and_name_no_user_and_no_agent() {
        for tool in Tool::ALL {
            for (schema, is_input) in [(input(tool), true), (output(tool), false)] {
                assert_eq!(schema["type"], "object", "{tool}");
                assert_eq!(schema["additionalProperties"], false, "{tool}");
                let text = schema.to_string();
                assert!(!text.contains("$ref"), "{tool}: {text}");
                if is_input {
                    assert!(!text.contains("user_id") && !text.contains("agent_id"), "{tool}: {text}");
                }
            }
        }
    }
}
