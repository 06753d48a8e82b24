// Who is signed in. The key is in a variable of this module and nowhere else: it is gone when the
// page is left or loaded again, and after a time without a touch.

/** How long the console may lie untouched, in milliseconds. */
export const IDLE = 15 * 60 * 1000;

const CHECKED_EVERY = 5000;

let key = null;
let me = null;
let touched = 0;
let ended = () => {};

/** The operator: name and role; none if nobody is signed in. */
export const operator = () => me;

/** The key, for the header of a request. */
export const secret = () => key;

/** Whether the operator may decide about held requests. */
export const mayDecide = () => me !== null && (me.role === "Admin" || me.role === "Reviewer");

/** Begins a session with a key that has been accepted. */
export function begin(accepted, who) {
  key = accepted;
  me = who;
  touch();
}

/** Ends it; `why` is told to the operator. */
export function end(why) {
  const was = key !== null;
  key = null;
  me = null;
  if (was) ended(why);
}

/** Calls `listener` with the reason whenever a session ends. */
export function onEnd(listener) {
  ended = listener;
}

function touch() {
  touched = Date.now();
}

function check() {
  if (key !== null && Date.now() - touched >= IDLE) end("You were signed out after 15 minutes without a touch.");
}

for (const event of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(event, () => {
    // A touch after the time is up does not bring the session back.
    check();
    touch();
  }, { capture: true, passive: true });
}
setInterval(check, CHECKED_EVERY);
// A machine that slept has not run the timer.
document.addEventListener("visibilitychange", check);
// A page that is kept for the way back would keep the key with it.
addEventListener("pagehide", () => end("You were signed out when you left the page."));
