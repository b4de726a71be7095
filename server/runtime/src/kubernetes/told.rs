//! What a watch has told so far, for those who ask in between. A watch that begins anew tells everything again: until it is through, what
//! was known before counts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kube::runtime::watcher::Event;

/// What is made of one thing that a watch tells.
pub(super) trait Knows<K> {
    /// The object is there, and so.
    fn keep(&mut self, object: &K);
    /// The object is gone.
    fn forget(&mut self, object: &K);
}

/// What a watch has told.
#[derive(Debug, Default)]
pub(super) struct Told<T>(Mutex<State<T>>);

#[derive(Debug, Default)]
struct State<T> {
    known: T,
    /// What a watch that begins anew has told so far.
    anew: Option<T>,
}

impl<T: Default> Told<T> {
    /// Looks at what is known.
    pub fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.state().known)
    }

    /// Takes over what the watch told.
    pub fn take<K>(&self, told: &Event<K>)
    where
        T: Knows<K>,
    {
        let mut state = self.state();
        match told {
            Event::Init => state.anew = Some(T::default()),
            Event::InitApply(object) => state.anew.get_or_insert_default().keep(object),
            Event::InitDone => {
                if let Some(anew) = state.anew.take() {
                    state.known = anew;
                }
            }
            Event::Apply(object) => state.known.keep(object),
            Event::Delete(object) => state.known.forget(object),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Knows<u8> for Vec<u8> {
        fn keep(&mut self, object: &u8) {
            self.push(*object);
        }

        fn forget(&mut self, object: &u8) {
            self.retain(|known| known != object);
        }
    }

    #[test]
    fn a_watch_that_begins_anew_is_believed_once_it_has_told_all() {
        let told = Told::<Vec<u8>>::default();
        let known = || told.look(Clone::clone);
        told.take(&Event::Apply(1));
        told.take(&Event::Apply(2));
        told.take(&Event::Delete(1));
        assert_eq!(known(), [2]);
        told.take(&Event::Init);
        told.take(&Event::InitApply(3));
        assert_eq!(known(), [2], "half a list takes nothing away");
        // It was cut, and begins once more.
        told.take(&Event::Init);
        told.take(&Event::InitApply(4));
        told.take(&Event::InitDone);
        assert_eq!(known(), [4]);
    }
}
