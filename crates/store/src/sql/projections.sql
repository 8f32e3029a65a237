-- Folds of the journal, made anew whenever their form changes.
DROP TABLE IF EXISTS task_row;
DROP TABLE IF EXISTS attempt_row;
DROP TABLE IF EXISTS approval;
DROP TABLE IF EXISTS task_after;
DROP TABLE IF EXISTS task_count;
DROP TABLE IF EXISTS ledger_row;
DROP TABLE IF EXISTS ledger_account;
DROP TABLE IF EXISTS spending;

-- `turn_ms` is there as long as somebody may work on it next, `held` is how many tasks it comes
-- after that are not accepted, `writing` whether a proposal of it is being written.
CREATE TABLE task_row (
    id        INTEGER PRIMARY KEY,
    state     TEXT NOT NULL,
    account   INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    turn_ms   INTEGER,
    held      INTEGER NOT NULL,
    writing   INTEGER NOT NULL,
    body      TEXT NOT NULL
) STRICT;

CREATE INDEX task_by_state ON task_row (state);
CREATE INDEX task_by_workspace ON task_row (workspace);
CREATE INDEX task_by_workspace_and_state ON task_row (workspace, state);
CREATE INDEX task_by_account ON task_row (account);
CREATE INDEX task_by_account_and_state ON task_row (account, state);
CREATE INDEX task_by_turn ON task_row (turn_ms, id) WHERE held = 0 AND turn_ms IS NOT NULL;
CREATE INDEX task_writing ON task_row (id) WHERE writing = 1;

-- Which task comes after which.
CREATE TABLE task_after (
    before INTEGER NOT NULL,
    task   INTEGER NOT NULL,
    PRIMARY KEY (before, task)
) STRICT, WITHOUT ROWID;

-- How many tasks are in a state, of each workspace and, under the empty one, of all.
CREATE TABLE task_count (
    workspace TEXT NOT NULL,
    state     TEXT NOT NULL,
    tasks     INTEGER NOT NULL,
    PRIMARY KEY (workspace, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt_row (
    task   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
    workspace TEXT NOT NULL,
    file      TEXT NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (workspace, file)
) STRICT, WITHOUT ROWID;

-- What the ledger came to with the event `seq`, in one row, and each account in one of its own;
-- what came later is folded on top.
CREATE TABLE ledger_row (
    id   INTEGER PRIMARY KEY,
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE ledger_account (
    account INTEGER PRIMARY KEY,
    body    TEXT NOT NULL
) STRICT;

-- What was spent up to the same event, by a task or with an access token: the other is zero.
CREATE TABLE spending (
    day        INTEGER NOT NULL,
    account    INTEGER NOT NULL,
    task       INTEGER NOT NULL,
    token      INTEGER NOT NULL,
    model      TEXT NOT NULL,
    basis      TEXT NOT NULL,
    money_nusd INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    requests   INTEGER NOT NULL,
    energy_mj  INTEGER NOT NULL,
    energy_is_estimate INTEGER NOT NULL,
    PRIMARY KEY (day, account, task, token, model, basis)
) STRICT, WITHOUT ROWID;
