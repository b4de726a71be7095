//! The tables as Diesel sees them, in the types that all three databases share. The truth is in `migrations/`.

diesel::table! {
    locks (name) {
        name -> Text,
        taken -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        password_hash -> Text,
        role -> Text,
        created_at -> BigInt,
        deleting_since -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        secret_hash -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        user_agent -> Text,
        address -> Text,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        name -> Text,
        last_four -> Text,
        secret_hash -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    projects (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        repository_url -> Nullable<Text>,
        default_branch -> Text,
        start_command -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
        working_limit -> Nullable<Integer>,
    }
}

diesel::table! {
    tasks (id) {
        id -> Text,
        project_id -> Text,
        title -> Text,
        description -> Text,
        state -> Text,
        priority -> Integer,
        parent_id -> Nullable<Text>,
        result -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    task_dependencies (task_id, depends_on_id) {
        task_id -> Text,
        depends_on_id -> Text,
    }
}

diesel::table! {
    agents (id) {
        id -> Text,
        user_id -> Text,
        project_id -> Text,
        name -> Text,
        unique_name -> Nullable<Text>,
        desired -> Text,
        phase -> Text,
        reason -> Nullable<Text>,
        message -> Text,
        start_command -> Text,
        memory_mib -> Integer,
        processes -> Integer,
        generation -> BigInt,
        created_at -> BigInt,
        desired_since -> BigInt,
        phase_since -> BigInt,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        task_id -> Nullable<Text>,
        agent_id -> Nullable<Text>,
        at -> BigInt,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        actor_name -> Text,
        kind -> Text,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Text,
        at -> BigInt,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        actor_name -> Text,
        action -> Text,
        object -> Nullable<Text>,
        address -> Text,
        outcome -> Text,
    }
}

diesel::table! {
    agent_modes (agent_id) {
        agent_id -> Text,
        mode -> Text,
        step -> Nullable<Text>,
    }
}

diesel::table! {
    leases (task_id) {
        task_id -> Text,
        agent_id -> Nullable<Text>,
        agent_name -> Text,
        epoch -> BigInt,
        claimed_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        attempts -> Integer,
        report -> Nullable<Text>,
    }
}

diesel::table! {
    questions (id) {
        id -> Text,
        user_id -> Text,
        agent_id -> Text,
        project_id -> Text,
        task_id -> Nullable<Text>,
        agent_name -> Text,
        prompts -> Text,
        blocking -> Integer,
        default_option -> Nullable<Text>,
        status -> Text,
        answers -> Text,
        answered_by -> Nullable<Text>,
        asked_at -> BigInt,
        expires_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    agent_tokens (agent_id) {
        agent_id -> Text,
        id -> Text,
        secret_hash -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    answered_calls (agent_id, call_key) {
        agent_id -> Text,
        call_key -> Text,
        fingerprint -> Text,
        answer -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    credentials (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        sealed -> Text,
        key_id -> Text,
        last_four -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    kept_terminals (agent_id) {
        agent_id -> Text,
        user_id -> Text,
        agent_name -> Text,
        captured_at -> BigInt,
        content -> Text,
    }
}

diesel::table! {
    terms (name) {
        name -> Text,
        holder -> Text,
        epoch -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    servers (id) {
        id -> Text,
        beats -> BigInt,
        told -> BigInt,
    }
}

diesel::table! {
    news (server_id, number) {
        server_id -> Text,
        number -> BigInt,
        content -> Text,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(tokens -> users (user_id));
diesel::joinable!(projects -> users (user_id));
diesel::joinable!(tasks -> projects (project_id));
diesel::joinable!(task_dependencies -> tasks (task_id));
diesel::joinable!(agents -> users (user_id));
diesel::joinable!(agents -> projects (project_id));
diesel::joinable!(leases -> tasks (task_id));
diesel::joinable!(questions -> tasks (task_id));
diesel::joinable!(agent_modes -> agents (agent_id));
diesel::joinable!(agent_tokens -> agents (agent_id));
diesel::joinable!(events -> tasks (task_id));
diesel::joinable!(events -> agents (agent_id));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    tokens,
    projects,
    tasks,
    task_dependencies,
    agents,
    agent_modes,
    agent_tokens,
    answered_calls,
    credentials,
    events,
    kept_terminals,
    leases,
    questions,
);
