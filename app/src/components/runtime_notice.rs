//! Says on every page that the runtime does not answer, as long as it does not.

use domain::{Explanation, LiveEvent};
use leptos::{prelude::*, task::spawn_local};

use super::{
    icon::{Drawing, Icon},
    time::{Manner, Time},
};
use crate::{
    api::runtime::runtime_trouble,
    lean::view,
    state::{live::Live, session},
};

/// The notice, when there is something to say.
#[component]
pub fn RuntimeNotice() -> impl IntoView {
    let trouble = RwSignal::new(session::current().runtime_trouble);
    Live::of_page().listen(move |event| match event {
        LiveEvent::Runtime { trouble: now } => trouble.set(now.clone()),
        LiveEvent::Resync => spawn_local(async move {
            if let Ok(now) = runtime_trouble().await {
                // The page may be gone by now.
                trouble.try_set(now);
            }
        }),
        _ => {}
    });
    view! {
        <div role="status">
            {move || trouble.get().map(|trouble| {
                let Explanation { sentence, raw } = Explanation::split(&trouble.message);
                let raw = (!raw.is_empty()).then(|| {
                    let raw = raw.to_owned();
                    view! { <details class="reason"><summary>"What was answered"</summary><pre>{raw}</pre></details> }
                });
                view! {
                    <div class="notice">
                        <Icon of=Drawing::Warning />
                        <div>
                            <strong>{sentence.to_owned()}</strong>
                            " For "
                            <Time at=trouble.since manner=Manner::Lasted />
                            "."
                            {raw}
                        </div>
                    </div>
                }
            })}
        </div>
    }
}
