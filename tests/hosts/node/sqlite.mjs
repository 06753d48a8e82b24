// `spin:sqlite/sqlite@3.0.0` over npm's libsql: a connection for each `open`, as in Spin.
import Database from 'libsql';

const file = process.argv[2];

function failed(error) {
  return { tag: 'io', val: error.message };
}

function lower({ tag, val }) {
  return tag === 'null' ? null : val;
}

function lift(value) {
  if (value === null) return { tag: 'null' };
  switch (typeof value) {
    case 'bigint':
      return { tag: 'integer', val: value };
    case 'number':
      return { tag: 'real', val: value };
    case 'string':
      return { tag: 'text', val: value };
    default:
      return { tag: 'blob', val: new Uint8Array(value) };
  }
}

class Connection {
  #database;
  #last = { changes: 0, lastInsertRowid: 0 };

  static open(name) {
    if (name !== 'default') throw { tag: 'no-such-database' };
    try {
      const connection = new Connection();
      connection.#database = new Database(file, { timeout: 5000 });
      return connection;
    } catch (error) {
      throw failed(error);
    }
  }

  execute(sql, parameters) {
    try {
      const statement = this.#database.prepare(sql);
      const values = parameters.map(lower);
      if (!statement.reader) {
        this.#last = statement.run(...values);
        return { columns: [], rows: [] };
      }
      const columns = statement.columns().map(({ name }) => name);
      const rows = statement.raw(true).safeIntegers(true).all(...values);
      return { columns, rows: rows.map((row) => ({ values: row.map(lift) })) };
    } catch (error) {
      throw failed(error);
    }
  }

  changes() {
    return BigInt(this.#last.changes);
  }

  lastInsertRowid() {
    return BigInt(this.#last.lastInsertRowid);
  }

  [Symbol.dispose]() {
    this.#database.close();
  }
}

export const sqlite = { Connection };
