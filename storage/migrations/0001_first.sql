-- Times are INTEGER unix milliseconds UTC; NULL is "not known" or "not yet".
-- The triggers say again, below Go, what fleet's rules say. REPLACE removes rows without
-- firing delete triggers, so every protected table also refuses, before the insert, a row
-- that would take the place of another.

CREATE TABLE counter (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------------------- inbox
-- What people asked for, stored before Slack gets its acknowledgement.
CREATE TABLE inbox (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  key        TEXT NOT NULL UNIQUE CHECK (key <> ''),
  person     TEXT NOT NULL,
  team       TEXT NOT NULL,
  enterprise TEXT NOT NULL,
  channel    TEXT NOT NULL,
  message_ts TEXT NOT NULL,
  verb       TEXT NOT NULL,
  request    INTEGER NOT NULL,
  text       TEXT NOT NULL,
  strikes    TEXT NOT NULL,
  at         INTEGER NOT NULL,
  handled_at INTEGER
) STRICT;
CREATE INDEX inbox_waiting ON inbox (seq) WHERE handled_at IS NULL;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;

CREATE TRIGGER inbox_once BEFORE INSERT ON inbox
  WHEN EXISTS (SELECT 1 FROM inbox WHERE key = NEW.key OR seq = NEW.seq)
  BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER inbox_fixed BEFORE UPDATE ON inbox
  WHEN OLD.handled_at IS NOT NULL OR NEW.seq <> OLD.seq OR NEW.key <> OLD.key
    OR NEW.person <> OLD.person OR NEW.team <> OLD.team OR NEW.enterprise <> OLD.enterprise
    OR NEW.channel <> OLD.channel OR NEW.message_ts <> OLD.message_ts OR NEW.verb <> OLD.verb
    OR NEW.request <> OLD.request OR NEW.text <> OLD.text OR NEW.strikes <> OLD.strikes OR NEW.at <> OLD.at
  BEGIN SELECT RAISE(ABORT, 'an input does not change'); END;
CREATE TRIGGER inbox_kept BEFORE DELETE ON inbox WHEN OLD.handled_at IS NULL
  BEGIN SELECT RAISE(ABORT, 'an input stays until it is handled'); END;

-- -------------------------------------------------------------------------- requests
-- Every legal step of a request, the same as fleet.Steps().
CREATE TABLE step (
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;
INSERT INTO step VALUES
  ('pending', 'approved'), ('pending', 'denied'), ('pending', 'expired'), ('pending', 'cancelled'),
  ('approved', 'executing'), ('approved', 'expired'), ('approved', 'cancelled'),
  ('executing', 'succeeded'), ('executing', 'failed'), ('executing', 'unknown'), ('executing', 'cancelled'),
  ('executing', 'approved'),
  ('unknown', 'succeeded'), ('unknown', 'failed');
CREATE TRIGGER step_insert BEFORE INSERT ON step BEGIN SELECT RAISE(ABORT, 'the steps are fixed'); END;
CREATE TRIGGER step_update BEFORE UPDATE ON step BEGIN SELECT RAISE(ABORT, 'the steps are fixed'); END;
CREATE TRIGGER step_delete BEFORE DELETE ON step BEGIN SELECT RAISE(ABORT, 'the steps are fixed'); END;

CREATE TABLE request (
  id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
  key        TEXT NOT NULL UNIQUE CHECK (key <> ''),  -- of the input that opened it
  host       TEXT NOT NULL CHECK (host <> ''),
  scope      TEXT NOT NULL CHECK (scope <> ''),
  action     TEXT NOT NULL CHECK (action IN ('register', 'remove-token', 'delete')),
  requester  TEXT NOT NULL CHECK (requester <> ''),
  team       TEXT NOT NULL,
  channel    TEXT NOT NULL,
  reason     TEXT NOT NULL,
  labels     TEXT NOT NULL,
  grp        TEXT NOT NULL,
  rule       TEXT NOT NULL,
  protect    TEXT NOT NULL,
  needed     INTEGER NOT NULL CHECK (needed BETWEEN 0 AND 5),
  targets    INTEGER NOT NULL CHECK (targets >= 0),
  created_at INTEGER NOT NULL,
  decide_by  INTEGER NOT NULL CHECK (decide_by >= created_at),
  state      TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'executing', 'succeeded', 'failed',
                                            'unknown', 'denied', 'expired', 'cancelled')),
  version    INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  stop       INTEGER NOT NULL CHECK (stop IN (0, 1)),
  decided_at INTEGER,
  act_by     INTEGER,
  done_at    INTEGER,
  UNIQUE (id, host, scope),
  UNIQUE (id, requester),
  CHECK ((action = 'delete') = (targets > 0)),
  CHECK (state NOT IN ('approved', 'executing', 'succeeded', 'failed', 'unknown')
         OR (decided_at IS NOT NULL AND act_by IS NOT NULL)),
  CHECK (state NOT IN ('succeeded', 'failed', 'denied', 'expired', 'cancelled') OR done_at IS NOT NULL)
) STRICT;
CREATE INDEX request_open ON request (host, state)
  WHERE state IN ('pending', 'approved', 'executing', 'unknown');
CREATE INDEX request_by ON request (host, requester);

CREATE TRIGGER request_insert BEFORE INSERT ON request
  WHEN EXISTS (SELECT 1 FROM request WHERE id = NEW.id OR key = NEW.key)
    OR NEW.version <> 1 OR NEW.epoch <> 0 OR NEW.stop <> 0
    OR NOT (NEW.state = 'pending'
            OR (NEW.state = 'approved' AND NEW.needed = 0 AND NEW.action IN ('register', 'remove-token')))
  BEGIN SELECT RAISE(ABORT, 'a request exists, or does not begin at its beginning'); END;
CREATE TRIGGER request_fixed BEFORE UPDATE ON request
  WHEN NEW.id <> OLD.id OR NEW.key <> OLD.key OR NEW.host <> OLD.host OR NEW.scope <> OLD.scope
    OR NEW.action <> OLD.action OR NEW.requester <> OLD.requester OR NEW.team <> OLD.team
    OR NEW.channel <> OLD.channel OR NEW.reason <> OLD.reason OR NEW.labels <> OLD.labels
    OR NEW.grp <> OLD.grp OR NEW.rule <> OLD.rule OR NEW.protect <> OLD.protect
    OR NEW.needed <> OLD.needed OR NEW.targets <> OLD.targets
    OR NEW.created_at <> OLD.created_at OR NEW.decide_by <> OLD.decide_by
  BEGIN SELECT RAISE(ABORT, 'what was asked for does not change'); END;
CREATE TRIGGER request_version BEFORE UPDATE ON request WHEN NEW.version <> OLD.version + 1
  BEGIN SELECT RAISE(ABORT, 'the version advances by one'); END;
CREATE TRIGGER request_epoch BEFORE UPDATE ON request WHEN NEW.epoch < OLD.epoch
  BEGIN SELECT RAISE(ABORT, 'a later run of the program executes the request'); END;
CREATE TRIGGER request_step BEFORE UPDATE ON request
  WHEN NEW.state <> OLD.state
    AND NOT EXISTS (SELECT 1 FROM step WHERE from_state = OLD.state AND to_state = NEW.state)
  BEGIN SELECT RAISE(ABORT, 'the state allows no such step'); END;
CREATE TRIGGER request_times BEFORE UPDATE ON request
  WHEN (OLD.decided_at IS NOT NULL AND NEW.decided_at IS NOT OLD.decided_at)
    OR (OLD.act_by IS NOT NULL AND NEW.act_by IS NOT OLD.act_by)
  BEGIN SELECT RAISE(ABORT, 'a decision does not move in time'); END;
CREATE TRIGGER request_final BEFORE UPDATE ON request
  WHEN OLD.state IN ('succeeded', 'failed', 'denied', 'expired', 'cancelled')
    AND (NEW.epoch <> OLD.epoch OR NEW.stop <> OLD.stop OR NEW.decided_at IS NOT OLD.decided_at
         OR NEW.act_by IS NOT OLD.act_by OR NEW.done_at IS NOT OLD.done_at)
  BEGIN SELECT RAISE(ABORT, 'a final request does not change'); END;
-- An approval needs its votes, or a release, or a rule that asks nobody; and every runner
-- that was shown.
CREATE TRIGGER request_votes BEFORE UPDATE ON request
  WHEN NEW.state = 'approved' AND OLD.state = 'pending'
    AND ((SELECT count(*) FROM target WHERE request = NEW.id) <> NEW.targets
      OR ((SELECT count(*) FROM vote WHERE request = NEW.id AND verdict = 'approve') < NEW.needed
          AND NOT EXISTS (SELECT 1 FROM release WHERE request = NEW.id)))
  BEGIN SELECT RAISE(ABORT, 'an approval needs its votes'); END;
CREATE TRIGGER request_kept BEFORE DELETE ON request
  BEGIN SELECT RAISE(ABORT, 'requests are kept'); END;

-- One row for each runner of a request, as it was shown to those who decide.
CREATE TABLE target (
  request INTEGER NOT NULL,
  n       INTEGER NOT NULL CHECK (n > 0),
  host    TEXT NOT NULL,
  scope   TEXT NOT NULL,
  runner  INTEGER NOT NULL,
  shown   TEXT NOT NULL,
  since   INTEGER,
  first_seen INTEGER,
  outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'deleted', 'already gone', 'busy', 'changed',
            'protected', 'struck', 'not tried', 'failed', 'unknown')),
  note    TEXT NOT NULL DEFAULT '',
  sent    INTEGER NOT NULL DEFAULT 0 CHECK (sent BETWEEN 0 AND 3),
  done_at INTEGER,
  PRIMARY KEY (request, n),
  UNIQUE (request, runner),
  UNIQUE (host, scope, runner, request),
  FOREIGN KEY (request, host, scope) REFERENCES request (id, host, scope),
  CHECK ((outcome = '') = (done_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX target_done ON target (host, scope, done_at);

CREATE TRIGGER target_insert BEFORE INSERT ON target
  WHEN NEW.outcome <> '' OR NEW.sent <> 0 OR NEW.note <> ''
    OR EXISTS (SELECT 1 FROM target WHERE request = NEW.request AND (n = NEW.n OR runner = NEW.runner))
    OR (SELECT state FROM request WHERE id = NEW.request) IS NOT 'pending'
    OR (SELECT count(*) FROM target WHERE request = NEW.request)
       >= (SELECT targets FROM request WHERE id = NEW.request)
  BEGIN SELECT RAISE(ABORT, 'a request keeps the runners that were shown'); END;
CREATE TRIGGER target_held BEFORE INSERT ON target
  WHEN EXISTS (SELECT 1 FROM target t JOIN request r ON r.id = t.request
               WHERE t.host = NEW.host AND t.scope = NEW.scope AND t.runner = NEW.runner
                 AND t.outcome IN ('', 'unknown')
                 AND r.state IN ('pending', 'approved', 'executing', 'unknown'))
  BEGIN SELECT RAISE(ABORT, 'the runner is part of another open request'); END;
CREATE TRIGGER target_fixed BEFORE UPDATE ON target
  WHEN NEW.request <> OLD.request OR NEW.n <> OLD.n OR NEW.host <> OLD.host OR NEW.scope <> OLD.scope
    OR NEW.runner <> OLD.runner OR NEW.shown <> OLD.shown OR NEW.since IS NOT OLD.since OR NEW.first_seen IS NOT OLD.first_seen
  BEGIN SELECT RAISE(ABORT, 'what was shown does not change'); END;
CREATE TRIGGER target_open BEFORE UPDATE ON target
  WHEN (SELECT state FROM request WHERE id = OLD.request) NOT IN ('pending', 'approved', 'executing', 'unknown')
    OR OLD.outcome NOT IN ('', 'unknown')
    OR (OLD.outcome = 'unknown' AND NEW.outcome = '')
  BEGIN SELECT RAISE(ABORT, 'an outcome is final'); END;
CREATE TRIGGER target_sent BEFORE UPDATE ON target
  WHEN NEW.sent <> OLD.sent
    AND (NEW.sent <> OLD.sent + 1 OR OLD.outcome <> ''
         OR (SELECT state FROM request WHERE id = OLD.request) <> 'executing')
  BEGIN SELECT RAISE(ABORT, 'deletes are sent one by one, while executing'); END;
CREATE TRIGGER target_struck BEFORE UPDATE ON target
  WHEN NEW.outcome = 'struck' AND OLD.outcome <> 'struck'
    AND NOT EXISTS (SELECT 1 FROM strike WHERE request = NEW.request AND runner = NEW.runner)
  BEGIN SELECT RAISE(ABORT, 'a strike is part of a vote'); END;
CREATE TRIGGER target_kept BEFORE DELETE ON target
  BEGIN SELECT RAISE(ABORT, 'targets are kept'); END;

CREATE TABLE vote (
  request   INTEGER NOT NULL,
  n         INTEGER NOT NULL CHECK (n > 0),
  requester TEXT NOT NULL,
  person    TEXT NOT NULL CHECK (person <> ''),
  verdict   TEXT NOT NULL CHECK (verdict IN ('approve', 'deny')),
  reason    TEXT NOT NULL,
  evidence  TEXT NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (request, n),
  UNIQUE (request, person),                       -- one person counts once
  FOREIGN KEY (request, requester) REFERENCES request (id, requester),
  CHECK (person <> requester)                     -- the requester never counts
) STRICT, WITHOUT ROWID;
CREATE TRIGGER vote_insert BEFORE INSERT ON vote
  WHEN EXISTS (SELECT 1 FROM vote WHERE request = NEW.request AND (n = NEW.n OR person = NEW.person))
    OR (SELECT state FROM request WHERE id = NEW.request) IS NOT 'pending'
    OR (SELECT requester FROM request WHERE id = NEW.request) IS NEW.person
  BEGIN SELECT RAISE(ABORT, 'the person has voted or asked, or the request is not pending'); END;
CREATE TRIGGER vote_fixed BEFORE UPDATE ON vote BEGIN SELECT RAISE(ABORT, 'votes are final'); END;
CREATE TRIGGER vote_kept BEFORE DELETE ON vote BEGIN SELECT RAISE(ABORT, 'votes are kept'); END;

CREATE TABLE strike (
  request INTEGER NOT NULL,
  person  TEXT NOT NULL,
  n       INTEGER NOT NULL CHECK (n > 0),
  runner  INTEGER NOT NULL,
  PRIMARY KEY (request, person, n),
  UNIQUE (request, person, runner),
  FOREIGN KEY (request, person) REFERENCES vote (request, person),
  FOREIGN KEY (request, runner) REFERENCES target (request, runner)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER strike_insert BEFORE INSERT ON strike
  WHEN EXISTS (SELECT 1 FROM strike WHERE request = NEW.request AND person = NEW.person
                 AND (n = NEW.n OR runner = NEW.runner))
    OR (SELECT state FROM request WHERE id = NEW.request) IS NOT 'pending'
  BEGIN SELECT RAISE(ABORT, 'a strike is part of a vote'); END;
CREATE TRIGGER strike_fixed BEFORE UPDATE ON strike BEGIN SELECT RAISE(ABORT, 'strikes are final'); END;
CREATE TRIGGER strike_kept BEFORE DELETE ON strike BEGIN SELECT RAISE(ABORT, 'strikes are kept'); END;

-- A release is the requester's own, in an emergency. It is never a vote.
CREATE TABLE release (
  request INTEGER PRIMARY KEY,
  person  TEXT NOT NULL,
  reason  TEXT NOT NULL CHECK (trim(reason) <> ''),
  at      INTEGER NOT NULL,
  FOREIGN KEY (request, person) REFERENCES request (id, requester)
) STRICT;
CREATE TRIGGER release_insert BEFORE INSERT ON release
  WHEN EXISTS (SELECT 1 FROM release WHERE request = NEW.request)
    OR (SELECT state FROM request WHERE id = NEW.request) IS NOT 'pending'
    OR (SELECT requester FROM request WHERE id = NEW.request) IS NOT NEW.person
  BEGIN SELECT RAISE(ABORT, 'a release is the requester''s own, once, while pending'); END;
CREATE TRIGGER release_fixed BEFORE UPDATE ON release BEGIN SELECT RAISE(ABORT, 'releases are final'); END;
CREATE TRIGGER release_kept BEFORE DELETE ON release BEGIN SELECT RAISE(ABORT, 'releases are kept'); END;

-- Presses of Reveal. No token is stored anywhere.
CREATE TABLE reveal (
  request    INTEGER NOT NULL REFERENCES request (id),
  n          INTEGER NOT NULL CHECK (n > 0),
  at         INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('claimed', 'shown', 'failed', 'lost')),
  expires_at INTEGER,
  PRIMARY KEY (request, n)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER reveal_insert BEFORE INSERT ON reveal
  WHEN NEW.state <> 'claimed'
    OR EXISTS (SELECT 1 FROM reveal WHERE request = NEW.request AND (n = NEW.n OR state = 'claimed'))
    OR (SELECT count(*) FROM reveal WHERE request = NEW.request AND state <> 'failed') >= 3
    OR NOT EXISTS (SELECT 1 FROM request WHERE id = NEW.request
                   AND action IN ('register', 'remove-token') AND state IN ('approved', 'succeeded'))
  BEGIN SELECT RAISE(ABORT, 'a reveal needs an approval, one at a time, three at most'); END;
CREATE TRIGGER reveal_fixed BEFORE UPDATE ON reveal
  WHEN OLD.state <> 'claimed' OR NEW.state = 'claimed'
    OR NEW.request <> OLD.request OR NEW.n <> OLD.n OR NEW.at <> OLD.at
  BEGIN SELECT RAISE(ABORT, 'a reveal ends once'); END;
CREATE TRIGGER reveal_kept BEFORE DELETE ON reveal BEGIN SELECT RAISE(ABORT, 'reveals are kept'); END;

-- ---------------------------------------------------------------------------- audit
-- mac = HMAC-SHA256(key, prev and all other columns); the key is outside.
CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY CHECK (seq > 0),
  at      INTEGER NOT NULL,
  host    TEXT NOT NULL,
  scope   TEXT NOT NULL,                          -- '' when it is about none
  request INTEGER REFERENCES request (id),
  actor   TEXT NOT NULL CHECK (actor <> ''),
  verb    TEXT NOT NULL CHECK (verb <> ''),
  detail  TEXT NOT NULL,
  prev    BLOB NOT NULL CHECK (length(prev) = 32),
  mac     BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;
CREATE INDEX audit_request ON audit (request) WHERE request IS NOT NULL;
CREATE TRIGGER audit_next BEFORE INSERT ON audit
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    OR NEW.prev <> coalesce((SELECT mac FROM audit ORDER BY seq DESC LIMIT 1), zeroblob(32))
  BEGIN SELECT RAISE(ABORT, 'an audit row extends the chain'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- -------------------------------------------------------------------------- messages
-- One row for each Slack message that must come to show the truth. shown is the oldest
-- revision that any of its copies shows, -1 when it has none.
CREATE TABLE message (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  key        TEXT NOT NULL UNIQUE CHECK (key <> ''),
  kind       TEXT NOT NULL CHECK (kind <> ''),
  channel    TEXT NOT NULL,
  parent     INTEGER REFERENCES message (id),
  request    INTEGER REFERENCES request (id),
  body       BLOB,
  desired    INTEGER NOT NULL CHECK (desired > 0),
  shown      INTEGER NOT NULL DEFAULT -1,
  state      TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'dead')),
  created_at INTEGER NOT NULL,
  sending_at INTEGER,
  tries      INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  why        TEXT NOT NULL DEFAULT ''             -- of the last failure, in our own words
) STRICT;
CREATE INDEX message_request ON message (request) WHERE request IS NOT NULL;
CREATE INDEX message_due ON message (id) WHERE state <> 'dead' AND shown < desired;
CREATE TRIGGER message_desired BEFORE UPDATE ON message WHEN NEW.desired < OLD.desired
  BEGIN SELECT RAISE(ABORT, 'a revision does not go back'); END;

-- A post that a crash interrupted may have two copies.
CREATE TABLE copy (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  message  INTEGER NOT NULL REFERENCES message (id),
  channel  TEXT NOT NULL CHECK (channel <> ''),
  ts       TEXT NOT NULL CHECK (ts <> ''),
  revision INTEGER NOT NULL,
  UNIQUE (channel, ts)
) STRICT;
CREATE INDEX copy_message ON copy (message);

CREATE TABLE slot (
  job     TEXT NOT NULL,
  slot    TEXT NOT NULL,                          -- local civil time, 'YYYY-MM-DDTHH:MM'
  due_at  INTEGER NOT NULL,
  state   TEXT NOT NULL CHECK (state IN ('claimed', 'skipped')),
  message INTEGER REFERENCES message (id),
  PRIMARY KEY (job, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX slot_due ON slot (job, due_at);

-- ----------------------------------------------------------------------------- fleet
-- History has many small rows, so its keys hold a number in place of host and scope.
CREATE TABLE scope (
  id       INTEGER PRIMARY KEY,
  host     TEXT NOT NULL,
  name     TEXT NOT NULL,
  read_at  INTEGER,                               -- of the newest reading that worked
  complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
  problem  TEXT,                                  -- why the last try failed
  UNIQUE (host, name)
) STRICT;

-- A connected runner that the newest list holds was last online at the time of that list:
-- last_online is written only when something else changes too.
CREATE TABLE runner (
  scope       INTEGER NOT NULL REFERENCES scope (id),
  id          INTEGER NOT NULL,
  name        TEXT NOT NULL,
  os          TEXT NOT NULL,
  status      TEXT NOT NULL,
  busy        INTEGER NOT NULL,
  labels      TEXT NOT NULL,
  group_id    INTEGER NOT NULL,
  grp         TEXT NOT NULL,
  ephemeral   INTEGER NOT NULL,
  version     TEXT NOT NULL,
  outdated    INTEGER NOT NULL DEFAULT 0,
  first_seen  INTEGER,
  since       INTEGER,
  last_online INTEGER,
  absent      INTEGER NOT NULL DEFAULT 0 CHECK (absent IN (0, 1)), -- from the newest list
  gone_at     INTEGER,
  PRIMARY KEY (scope, id)
) STRICT, WITHOUT ROWID;

-- Clustered by runner: small, quick to show one runner's history, and pruned runner by
-- runner without an index on time.
CREATE TABLE change (
  scope  INTEGER NOT NULL,
  runner INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  old    TEXT,
  new    TEXT,
  PRIMARY KEY (scope, runner, at, kind),
  FOREIGN KEY (scope, runner) REFERENCES runner (scope, id)
) STRICT, WITHOUT ROWID;
