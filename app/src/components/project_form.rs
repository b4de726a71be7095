//! The fields of a project, for making and changing one.

use domain::Project;
use leptos::prelude::*;

use super::field::TextField;

use crate::lean::view;

/// The fields of a project.
#[component]
pub fn ProjectFields(
    /// The project to change; none for a new one.
    #[prop(optional)]
    project: Option<Project>,
) -> impl IntoView {
    let is_new = project.is_none();
    let (name, repository, branch, command, limit) = project.map_or_else(Default::default, |project| {
        let Project { name, repository_url, default_branch, start_command, working_limit, .. } = project;
        (name, repository_url.unwrap_or_default(), default_branch, start_command, working_limit.unwrap_or_default())
    });
    view! {
        <TextField label="Project name" field="name" name="input[name]" value=name autofocus=true />
        <TextField
            label="Repository"
            field="repository_url"
            name="input[repository_url]"
            value=repository
            placeholder="https://git.example.com/team/app.git"
            hint=if is_new { "Agents clone it into their workspace. Leave it empty to begin without one." } else { "" }
            is_code=true
        />
        <div class="field-pair">
            <TextField
                label="Default branch"
                field="default_branch"
                name="input[default_branch]"
                value=branch
                placeholder="main"
                is_code=true
            />
            <TextField
                label="Start command"
                field="start_command"
                name="input[start_command]"
                value=command
                placeholder="a shell"
                hint="What new agents run, such as claude."
                is_code=true
            />
        </div>
        <TextField
            label="Agents at work"
            field="working_limit"
            name="input[working_limit]"
            value=limit.to_string()
            kind="number"
            hint="How many may hold tasks at one time. 0: any number."
        />
    }
}
