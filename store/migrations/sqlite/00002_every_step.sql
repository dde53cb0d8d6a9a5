-- +goose Up
-- Every step and every trigger: child runs, test runs, calls to outside systems, secrets, integrations, AI, hooks, ads.

ALTER TABLE runs ADD COLUMN parent_run_id INTEGER NOT NULL DEFAULT 0; -- the run that started it
ALTER TABLE runs ADD COLUMN parent_no INTEGER NOT NULL DEFAULT 0;     -- the parent's effect that waits for its end; 0 = nobody waits
ALTER TABLE runs ADD COLUMN talk_seq INTEGER NOT NULL DEFAULT 0;      -- step execution of the AI Agent that holds the conversation; 0 = none
CREATE INDEX runs_parent ON runs (parent_run_id) WHERE parent_run_id > 0;

ALTER TABLE workflows ADD COLUMN hook_hash TEXT NOT NULL DEFAULT '';   -- SHA-256 of the webhook address' token
ALTER TABLE workflows ADD COLUMN hook_token TEXT NOT NULL DEFAULT '';  -- sealed
ALTER TABLE workflows ADD COLUMN hook_secret TEXT NOT NULL DEFAULT ''; -- sealed; '' = none is asked for
CREATE UNIQUE INDEX workflows_hook ON workflows (hook_hash) WHERE hook_hash <> '';

-- What went wrong with a published workflow: throttled starts, sheets that are not shared any more.
CREATE TABLE workflow_warnings (
  workflow_id INTEGER NOT NULL,
  code TEXT NOT NULL,
  step_id TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 1,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (workflow_id, code, step_id)
);

-- Snapshots of drafts for test runs are versions with the number 0.
DROP INDEX workflow_versions_number;
CREATE UNIQUE INDEX workflow_versions_number ON workflow_versions (workflow_id, version) WHERE version > 0;

-- Calls to outside systems that are going on: the attempt is noted before the call, so that a dead one is recognised.
CREATE TABLE run_calls (
  run_id INTEGER NOT NULL,
  no INTEGER NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL DEFAULT '', -- sealed: what every attempt sends
  attempts INTEGER NOT NULL DEFAULT 0,
  problem TEXT NOT NULL DEFAULT '', -- why the latest attempt came to nothing
  calling BOOLEAN NOT NULL DEFAULT FALSE, -- an attempt went out and nothing is known of it yet
  lease_until INTEGER NOT NULL DEFAULT 0,   -- of that attempt, or the pause before the next one
  first_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, no)
);

CREATE TABLE secrets (
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL, -- sealed
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, name)
);

CREATE TABLE integrations (
  workspace_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  config TEXT NOT NULL, -- sealed
  status TEXT NOT NULL,
  status_reason TEXT NOT NULL DEFAULT '',
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, kind)
);

CREATE TABLE snippets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  text TEXT NOT NULL,
  topics TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX snippets_name ON snippets (workspace_id, name_key);

CREATE TABLE knowledge_sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  kind TEXT NOT NULL,              -- file, url, text
  url TEXT NOT NULL DEFAULT '',
  file_name TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '',   -- the whole text, once it is known
  state TEXT NOT NULL,             -- pending, ready, failed
  state_reason TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX knowledge_sources_name ON knowledge_sources (workspace_id, name_key);
CREATE INDEX knowledge_sources_pending ON knowledge_sources (not_before) WHERE state = 'pending';

-- The pieces that are searched: of a knowledge source, or of a snippet.
CREATE TABLE knowledge_chunks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL DEFAULT 0,
  snippet_id INTEGER NOT NULL DEFAULT 0,
  no INTEGER NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL,
  words TEXT NOT NULL DEFAULT '' -- by which it is found: of name, title and text, separated by spaces
);
CREATE INDEX knowledge_chunks_source ON knowledge_chunks (source_id, no) WHERE source_id > 0;
CREATE INDEX knowledge_chunks_snippet ON knowledge_chunks (snippet_id) WHERE snippet_id > 0;
CREATE VIRTUAL TABLE knowledge_search USING fts5 (words, content = 'knowledge_chunks', content_rowid = 'id', tokenize = 'ascii');
-- +goose StatementBegin
CREATE TRIGGER knowledge_chunks_in AFTER INSERT ON knowledge_chunks BEGIN
  INSERT INTO knowledge_search (rowid, words) VALUES (new.id, new.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER knowledge_chunks_out AFTER DELETE ON knowledge_chunks BEGIN
  INSERT INTO knowledge_search (knowledge_search, rowid, words) VALUES ('delete', old.id, old.words);
END;
-- +goose StatementEnd

-- An AI Agent's talk with a contact: one a step execution.
CREATE TABLE ai_talks (
  run_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,             -- of the step execution
  after_message INTEGER NOT NULL,   -- the talk begins with the contact's latest message up to this id
  turns INTEGER NOT NULL DEFAULT 0,
  tokens INTEGER NOT NULL DEFAULT 0,
  collected TEXT NOT NULL DEFAULT '{}',
  started_at INTEGER NOT NULL,
  taken_over_at INTEGER NOT NULL DEFAULT 0,
  ended_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, seq)
);

CREATE TABLE ai_turns (
  run_id INTEGER NOT NULL,
  turn INTEGER NOT NULL,            -- number of the Think effect
  seq INTEGER NOT NULL,
  reply TEXT NOT NULL,
  decision TEXT NOT NULL,         -- JSON: what the model decided and collected, and the sources it used
  upto_message INTEGER NOT NULL,    -- newest message of the contact that the model has seen
  model TEXT NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  message_id INTEGER NOT NULL DEFAULT 0, -- the message that said it
  at INTEGER NOT NULL,
  PRIMARY KEY (run_id, turn)
);

CREATE TABLE ai_usage (
  workspace_id INTEGER NOT NULL,
  day TEXT NOT NULL,              -- YYYY-MM-DD, UTC
  tokens INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, day)
);

-- Clicks on ads: each starts workflows once.
CREATE TABLE ad_clicks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  click_id TEXT NOT NULL,
  contact_id INTEGER NOT NULL,
  ad TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE UNIQUE INDEX ad_clicks_once ON ad_clicks (channel_id, click_id);
CREATE INDEX ad_clicks_contact ON ad_clicks (contact_id, id);

-- Auto-close: when the conversation closes by itself; 0 = no timer runs.
ALTER TABLE workspaces ADD COLUMN auto_close BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE workspaces ADD COLUMN auto_close_minutes INTEGER NOT NULL DEFAULT 1440;
ALTER TABLE workspaces ADD COLUMN auto_close_since INTEGER NOT NULL DEFAULT 0; -- conversations opened before it was switched on are left alone
ALTER TABLE conversations ADD COLUMN close_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversations_close_at ON conversations (close_at) WHERE close_at > 0 AND closed_at = 0;

-- The type in which a message was handed to its channel: its own, or that of its fallback.
ALTER TABLE messages ADD COLUMN sent_as TEXT NOT NULL DEFAULT ''; -- '' = not handed over yet

-- +goose Down
-- A version is never taken back: restore the backup made before the upgrade.
SELECT 1;
