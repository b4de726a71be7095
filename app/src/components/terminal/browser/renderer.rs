//! The WebGL renderer, where the machine has one. xterm's own is there from the start and stays when this one fails.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use futures::{
    FutureExt as _,
    future::{Either, select},
};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use xterm_js_rs::{Terminal, addons::webgl::WebglAddon};

use super::bindings::{Terminal6, WebglAddon6, load_webgl};

/// Switches a terminal to WebGL and back.
pub struct Renderer(Rc<State>);

#[derive(Default)]
struct State {
    active: RefCell<Option<Active>>,
    stopped: Cell<bool>,
}

struct Active {
    addon: WebglAddon,
    _on_loss: Closure<dyn FnMut()>,
}

/// How long a terminal waits for the renderer before it is measured, in milliseconds. A later one makes other cells, and with them
/// another size, for which the agent's side has to paint everything anew.
const WAIT: u32 = 300;

impl Renderer {
    /// Fetches the renderer and switches to it when it has come, which may be later.
    pub async fn start(terminal: &Rc<Terminal>) -> Self {
        let state = Rc::new(State::default());
        let switching = switch(Rc::downgrade(&state), Rc::clone(terminal)).boxed_local();
        if let Either::Right(((), switching)) = select(switching, TimeoutFuture::new(WAIT)).await {
            spawn_local(switching);
        }
        Self(state)
    }

    /// Gives the graphics context back; browsers have few. Must come before the terminal is disposed of.
    pub fn stop(&self) {
        self.0.stopped.set(true);
        deactivate(&self.0);
    }
}

async fn switch(state: Weak<State>, terminal: Rc<Terminal>) {
    // Nothing is lost when it cannot be had.
    if load_webgl().await.is_ok_and(|usable| usable.is_truthy())
        && let Some(state) = state.upgrade()
        && !state.stopped.get()
    {
        let _ = activate(&state, &terminal);
    }
}

fn activate(state: &Rc<State>, terminal: &Rc<Terminal>) -> Result<(), JsValue> {
    let addon = WebglAddon::new(None);
    let on_loss = Closure::new({
        let (state, terminal) = (Rc::downgrade(state), Rc::clone(terminal));
        move || {
            if let Some(state) = state.upgrade() {
                deactivate(&state);
                terminal.refresh(0, terminal.get_rows().saturating_sub(1));
            }
        }
    });
    addon.unchecked_ref::<WebglAddon6>().on_context_loss(on_loss.as_ref().unchecked_ref());
    terminal.unchecked_ref::<Terminal6>().try_load_addon(&addon)?;
    state.active.replace(Some(Active { addon, _on_loss: on_loss }));
    Ok(())
}

fn deactivate(state: &State) {
    if let Some(Active { addon, .. }) = state.active.take() {
        // A lost context makes it throw; xterm has gone back to its own renderer by then.
        let _ = addon.unchecked_ref::<WebglAddon6>().try_dispose();
    }
}
