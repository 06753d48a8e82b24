//! Many that want the lock, their steps in a random order and at random times; some die,
//! some sleep. What two of them do under the lock never overlaps, and it is always got in
//! the end.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs)]

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use vectra_token_lock::{Attempt, Folder, SILENCE, TokenLock};

const WORKERS: u64 = 4;
const STEPS: u32 = 2_000;

/// How long an operation that follows a proof may take, in milliseconds: with the age of
/// the proof less than [`SILENCE`].
const OPERATION: u64 = 9_000;

/// The folder, the clock and all that use them.
#[derive(Debug)]
struct World {
    random: Cell<u64>,
    now: Cell<Duration>,
    names: RefCell<Option<Vec<String>>>,
    workers: RefCell<Vec<Rc<RefCell<Worker>>>>,
    lives: Cell<u64>,
    /// Who worked last, and when that was over.
    worked: Cell<(u64, Duration)>,
    done: RefCell<Done>,
}

/// What came of a run.
#[derive(Debug, Default)]
struct Done {
    operations: u64,
    taken_over: u64,
    lost: u64,
    deaths_as_holder: u64,
}

/// One that takes the lock, does something under it and gives it back.
#[derive(Debug)]
struct Worker {
    life: u64,
    lock: TokenLock<Shared>,
    operations_left: u64,
    /// Until when it does something, or sleeps.
    away: Duration,
}

#[derive(Clone, Debug)]
struct Shared(Rc<World>);

impl World {
    fn new(seed: u64) -> Rc<Self> {
        let world = Rc::new(Self {
            random: Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            now: Cell::default(),
            names: RefCell::default(),
            workers: RefCell::default(),
            lives: Cell::default(),
            worked: Cell::default(),
            done: RefCell::default(),
        });
        for _ in 0..WORKERS {
            let worker = world.worker();
            world.workers.borrow_mut().push(worker);
        }
        world
    }

    /// A number of a small, known generator, so that a seed repeats a run.
    fn below(&self, bound: u64) -> u64 {
        let mut value = self.random.get();
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
        self.random.set(value);
        (value >> 11) % bound
    }

    fn worker(self: &Rc<Self>) -> Rc<RefCell<Worker>> {
        let life = self.lives.get() + 1;
        self.lives.set(life);
        let lock = TokenLock::open(Shared(self.clone()), format!("life{life}")).unwrap();
        Rc::new(RefCell::new(Worker {
            life,
            lock,
            operations_left: 0,
            away: Duration::ZERO,
        }))
    }

    /// Time goes on, and somebody does something; who is in the middle of something, does not.
    fn step(self: &Rc<Self>) {
        let passed = Duration::from_millis(self.below(300));
        self.now.set(self.now.get() + passed);
        let number = usize::try_from(self.below(WORKERS)).unwrap();
        let worker = self.workers.borrow().get(number).cloned();
        let Some(Ok(mut worker)) = worker.as_ref().map(|worker| worker.try_borrow_mut()) else {
            return;
        };
        if worker.away > self.now.get() {
            return;
        }
        match self.below(80) {
            0 => {
                self.done.borrow_mut().deaths_as_holder += u64::from(worker.lock.is_held());
                let next = self.worker();
                self.workers.borrow_mut()[number] = next;
            }
            1 => worker.away = self.now.get() + SILENCE * 3,
            _ => worker.act(self),
        }
    }
}

impl Worker {
    fn act(&mut self, world: &World) {
        let now = world.now.get();
        if !self.lock.is_held() {
            let attempt = self.lock.try_take(now).unwrap();
            self.operations_left = world.below(6);
            world.done.borrow_mut().taken_over += u64::from(attempt == Attempt::TakenOver);
        } else if self.operations_left == 0 {
            self.lock.release().unwrap();
        } else if self.lock.prove(now).is_err() {
            world.done.borrow_mut().lost += 1;
        } else {
            self.operate(world);
        }
    }

    /// Does something for which it needs the lock, and asks nobody meanwhile.
    fn operate(&mut self, world: &World) {
        let now = world.now.get();
        let (who, until) = world.worked.get();
        assert!(
            who == self.life || until <= now,
            "{who} works until {until:?} and {} begins at {now:?}",
            self.life
        );
        self.operations_left -= 1;
        let most = if world.below(20) == 0 { OPERATION } else { 50 };
        self.away = now + Duration::from_millis(world.below(most));
        world.worked.set((self.life, self.away));
        world.done.borrow_mut().operations += 1;
    }
}

impl Folder for Shared {
    fn is_there(&self) -> io::Result<bool> {
        let there = self.0.names.borrow().is_some();
        for _ in 0..self.0.below(4) {
            self.0.step();
        }
        Ok(there)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut seen = self.0.names.borrow().clone().unwrap_or_default();
        // POSIX allows a listing to miss what is renamed meanwhile.
        if self.0.below(10) == 0 {
            seen.clear();
        }
        // Others go on before whoever asked does anything with it.
        for _ in 0..self.0.below(4) {
            self.0.step();
        }
        Ok(seen)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<bool> {
        let mut names = self.0.names.borrow_mut();
        let mut names = names.iter_mut().flatten();
        let name = names.find(|name| *name == from);
        Ok(name.map(|name| to.clone_into(name)).is_some())
    }

    fn make(&self, file: &str, _unique: &str) -> io::Result<()> {
        let mut names = self.0.names.borrow_mut();
        if names.as_ref().is_none_or(Vec::is_empty) {
            *names = Some(vec![file.to_owned()]);
        }
        Ok(())
    }
}

#[test]
fn what_two_do_under_the_lock_never_overlaps_and_nobody_waits_for_the_dead() {
    let mut all = Done::default();
    for seed in 1..=500 {
        let world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        let done = world.done.take();
        assert!(done.operations > 20, "seed {seed} got stuck: {done:?}");
        let names = world.names.borrow().clone().unwrap();
        assert_eq!(names.len(), 1, "seed {seed}: {names:?}");
        all.operations += done.operations;
        all.taken_over += done.taken_over;
        all.lost += done.lost;
        all.deaths_as_holder += done.deaths_as_holder;
        world.workers.borrow_mut().clear();
    }
    eprintln!("{all:?}");
    assert!(all.operations > 50_000, "{all:?}");
    let rare = [all.taken_over, all.lost, all.deaths_as_holder];
    assert!(rare.iter().all(|times| *times > 500), "{all:?}");
}
