-- Folds of the journal, made anew whenever their form changes.
DROP TABLE IF EXISTS task_row;
DROP TABLE IF EXISTS attempt_row;
DROP TABLE IF EXISTS approval;

CREATE TABLE task_row (
    id        INTEGER PRIMARY KEY,
    state     TEXT NOT NULL,
    workspace TEXT NOT NULL,
    body      TEXT NOT NULL
) STRICT;

CREATE INDEX task_by_state ON task_row (state);
CREATE INDEX task_by_workspace ON task_row (workspace);
CREATE INDEX task_by_workspace_and_state ON task_row (workspace, state);

CREATE TABLE attempt_row (
    task    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    running INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_running ON attempt_row (task, number) WHERE running = 1;

CREATE TABLE approval (
    workspace TEXT NOT NULL,
    file      TEXT NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (workspace, file)
) STRICT, WITHOUT ROWID;
