// Asks once more before something is done that cannot be undone.

import { isAborted, told } from "./api.js";
import { h, trouble, uniqueId } from "./dom.js";

/**
 * Opens a dialog: `about` repeats what it is about; `act` is called when it is confirmed, and what
 * it throws is shown. Ends with what `act` gave, or `null` if nothing was done.
 */
export function confirm({ title, about, word, danger, act }) {
  const heading = uniqueId();
  const wrong = h("div", null);
  const yes = h("button", { type: "button", class: danger ? "danger" : "primary" }, word);
  const no = h("button", { type: "button" }, "Cancel");
  const dialog = h("dialog", { "aria-labelledby": heading },
    h("h2", { id: heading }, title), about, wrong, h("p", { class: "buttons" }, no, yes));
  const before = document.activeElement;
  document.body.append(dialog);
  return new Promise((resolve) => {
    let result = null;
    let busy = false;
    // What is on its way is not called back by leaving the dialog.
    dialog.addEventListener("cancel", (event) => { if (busy) event.preventDefault(); });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(result);
    });
    no.addEventListener("click", () => { if (!busy) dialog.close(); });
    yes.addEventListener("click", async () => {
      if (busy) return;
      busy = true;
      dialog.setAttribute("aria-busy", "true");
      wrong.replaceChildren();
      try {
        result = await act();
        busy = false;
        dialog.close();
      } catch (error) {
        busy = false;
        dialog.removeAttribute("aria-busy");
        if (isAborted(error)) dialog.close();
        else wrong.replaceChildren(trouble(told(error)));
      }
    });
    dialog.showModal();
    // The safe way is the one at hand.
    no.focus();
  });
}

/** Closes what is open. */
export function closeAll() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}
