// Looks again from time to time, while somebody may be looking.

/** Calls `look` until the signal ends it, one call at a time, each `pause()` milliseconds after the last. */
export function every(pause, signal, look) {
  let timer;
  const later = () => { if (!signal.aborted) timer = setTimeout(run, pause()); };
  const run = async () => {
    try {
      if (!document.hidden) await look();
    } catch {
      // What cannot be told now may be told the next time.
    } finally {
      later();
    }
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  later();
}
