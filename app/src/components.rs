//! What pages are made of.

pub mod agent_actions;
pub mod board;
pub mod confirm;
pub mod dialog;
pub mod empty_state;
pub mod field;
pub mod form;
pub mod frame;
pub mod icon;
pub mod launch;
pub mod load;
pub mod markdown;
pub mod page_header;
pub mod page_title;
pub mod phase_badge;
pub mod project_form;
pub mod question_card;
pub mod sidebar;
pub mod skeleton;
pub mod task_card;
pub mod task_form;
pub mod terminal;
pub mod theme_switch;
pub mod time;
pub mod timeline;
pub mod toast_list;
