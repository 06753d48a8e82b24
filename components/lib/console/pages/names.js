// What agents are called. Operators give the names.

import { get, part } from "./api.js";

/** How many names are asked for one by one for a page. */
const MOST = 50;

/** The names of these agents by id; one that is not known any more has none. */
export async function names(ids, signal) {
  const wanted = [...new Set(ids)].slice(0, MOST);
  const found = await Promise.all(wanted.map(async (id) => {
    try {
      return [id, (await get(`agents/${part(id)}`, { signal })).name];
    } catch {
      return [id, null];
    }
  }));
  return new Map(found);
}
