-- +goose Up
-- Times are Unix milliseconds, 0 = never. JSON is text. Ids are one sequence per table.

CREATE TABLE workspaces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  timezone TEXT NOT NULL DEFAULT 'UTC',
  user_inactivity_timeout INTEGER NOT NULL DEFAULT 15, -- minutes
  all_channel_events_open_conversation BOOLEAN NOT NULL DEFAULT FALSE,
  unassign_on_close BOOLEAN NOT NULL DEFAULT FALSE,
  closing_note_mode TEXT NOT NULL DEFAULT 'optional',
  strict_empty_variables BOOLEAN NOT NULL DEFAULT FALSE,
  revision INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
);

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  role TEXT NOT NULL,
  source TEXT NOT NULL,
  user_id INTEGER NOT NULL DEFAULT 0,
  rate_limit INTEGER NOT NULL DEFAULT -1, -- requests a second and endpoint; -1 = the deployment's, 0 = off
  expires_at INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_workspace ON tokens (workspace_id, id);

CREATE TABLE teams (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL, -- folded: names compare ignoring case
  description TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX teams_name ON teams (workspace_id, name_key);

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL,
  team_id INTEGER NOT NULL DEFAULT 0,
  team_joined_at INTEGER NOT NULL DEFAULT 0,
  restrictions TEXT NOT NULL DEFAULT '[]',
  state TEXT NOT NULL DEFAULT 'active', -- active, pending, disabled, removed
  chosen TEXT NOT NULL DEFAULT 'online',
  last_activity_at INTEGER NOT NULL DEFAULT 0,
  logged_out BOOLEAN NOT NULL DEFAULT FALSE,
  announced TEXT NOT NULL DEFAULT 'offline', -- the effective status that the last user.status.changed told
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (workspace_id, email) WHERE state <> 'removed';
CREATE INDEX users_workspace ON users (workspace_id, id);
CREATE INDEX users_team ON users (team_id, team_joined_at, id) WHERE team_id > 0;
CREATE INDEX users_present ON users (last_activity_at) WHERE announced <> 'offline';

CREATE TABLE channels (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  public_id TEXT NOT NULL,
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  config TEXT NOT NULL DEFAULT '{}',
  token TEXT NOT NULL DEFAULT '',      -- sealed
  token_hash TEXT NOT NULL DEFAULT '',
  old_token_hash TEXT NOT NULL DEFAULT '',
  old_token_until INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'connected',
  status_reason TEXT NOT NULL DEFAULT '',
  auth_failures INTEGER NOT NULL DEFAULT 0,
  warned_no_id BOOLEAN NOT NULL DEFAULT FALSE,
  send_slot_at INTEGER NOT NULL DEFAULT 0, -- microseconds: theoretical arrival time of the rate limiter (GCRA)
  last_inbound_at INTEGER NOT NULL DEFAULT 0,
  last_outbound_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX channels_public ON channels (public_id);
CREATE INDEX channels_workspace ON channels (workspace_id, id);
CREATE INDEX channels_token ON channels (token_hash) WHERE token_hash <> '';
CREATE INDEX channels_old_token ON channels (old_token_hash) WHERE old_token_hash <> '';

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  first_name TEXT NOT NULL DEFAULT '',
  last_name TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  profile_pic TEXT NOT NULL DEFAULT '',
  country_code TEXT NOT NULL DEFAULT '',
  locale TEXT NOT NULL DEFAULT '',
  is_blocked BOOLEAN NOT NULL DEFAULT FALSE,
  assignee_id INTEGER NOT NULL DEFAULT 0,
  conversation_id INTEGER NOT NULL DEFAULT 0, -- the open conversation; 0 = closed
  identity_id INTEGER NOT NULL DEFAULT 0,     -- last interacted channel
  last_message_at INTEGER NOT NULL DEFAULT 0,
  event_seq INTEGER NOT NULL DEFAULT 0,
  added_by TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX contacts_workspace ON contacts (workspace_id, id);
CREATE INDEX contacts_phone ON contacts (workspace_id, phone, last_message_at) WHERE phone <> '';
CREATE INDEX contacts_email ON contacts (workspace_id, email, last_message_at) WHERE email <> '';
-- open(u) of the assignment engine
CREATE INDEX contacts_open ON contacts (workspace_id, assignee_id) WHERE conversation_id > 0 AND NOT is_blocked;
CREATE INDEX contacts_assignee ON contacts (assignee_id) WHERE assignee_id > 0;

CREATE TABLE identities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  channel_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  external_id TEXT NOT NULL,
  profile_name TEXT NOT NULL DEFAULT '',
  last_message_at INTEGER NOT NULL DEFAULT 0,
  last_incoming_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX identities_external ON identities (channel_id, external_id);
CREATE INDEX identities_contact ON identities (contact_id, id);

CREATE TABLE tags (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  color_code TEXT NOT NULL DEFAULT '',
  emoji TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX tags_name ON tags (workspace_id, name_key);

CREATE TABLE contact_tags (
  contact_id INTEGER NOT NULL,
  tag_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (contact_id, tag_id)
);
CREATE INDEX contact_tags_tag ON contact_tags (tag_id, contact_id);

CREATE TABLE custom_fields (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  slug TEXT NOT NULL,
  slug_key TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  data_type TEXT NOT NULL,
  allowed_values TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX custom_fields_name ON custom_fields (workspace_id, name_key);
CREATE UNIQUE INDEX custom_fields_slug ON custom_fields (workspace_id, slug_key);

CREATE TABLE contact_values (
  contact_id INTEGER NOT NULL,
  field_id INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (contact_id, field_id)
);
CREATE INDEX contact_values_field ON contact_values (field_id, contact_id);

CREATE TABLE closing_categories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  category TEXT NOT NULL,
  category_key TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX closing_categories_name ON closing_categories (workspace_id, category_key);

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  contact_type TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  opened_source TEXT NOT NULL,
  opened_by TEXT NOT NULL DEFAULT '{}',
  opened_channel_id INTEGER NOT NULL DEFAULT 0,
  closed_at INTEGER NOT NULL DEFAULT 0,
  closed_source TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT '{}',
  closed_by_team_id INTEGER NOT NULL DEFAULT 0,
  category TEXT NOT NULL DEFAULT '',
  summary TEXT NOT NULL DEFAULT '',
  first_assignee_id INTEGER NOT NULL DEFAULT 0,
  first_assignment_at INTEGER NOT NULL DEFAULT 0,
  first_assignment_source TEXT NOT NULL DEFAULT '',
  last_assignee_id INTEGER NOT NULL DEFAULT 0,
  last_assignment_at INTEGER NOT NULL DEFAULT 0,
  assignments INTEGER NOT NULL DEFAULT 0,
  first_response_by INTEGER NOT NULL DEFAULT 0,
  first_response_at INTEGER NOT NULL DEFAULT 0,
  responses INTEGER NOT NULL DEFAULT 0,
  response_millis INTEGER NOT NULL DEFAULT 0, -- sum over the response pairs
  unanswered_since INTEGER NOT NULL DEFAULT 0, -- first incoming message since the last human one
  incoming_count INTEGER NOT NULL DEFAULT 0,
  outgoing_count INTEGER NOT NULL DEFAULT 0,
  first_incoming_message_id INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX conversations_open ON conversations (contact_id) WHERE closed_at = 0;
CREATE INDEX conversations_contact ON conversations (contact_id, id);

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  identity_id INTEGER NOT NULL DEFAULT 0,
  channel_id INTEGER NOT NULL DEFAULT 0,
  conversation_id INTEGER NOT NULL DEFAULT 0,
  traffic TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  provider_id TEXT NOT NULL DEFAULT '', -- channelMessageId
  at INTEGER NOT NULL,                  -- provider's time, or ours
  status TEXT NOT NULL DEFAULT '',
  sender_source TEXT NOT NULL DEFAULT '',
  sender_user_id INTEGER NOT NULL DEFAULT 0,
  sender_team_id INTEGER NOT NULL DEFAULT 0,
  sender_workflow_id INTEGER NOT NULL DEFAULT 0,
  send_key TEXT,
  priority INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER NOT NULL DEFAULT 0,
  first_attempt_at INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX messages_incoming ON messages (channel_id, provider_id) WHERE provider_id <> '' AND traffic = 'incoming';
CREATE UNIQUE INDEX messages_echo ON messages (channel_id, provider_id) WHERE sender_source = 'echo';
CREATE INDEX messages_outgoing ON messages (channel_id, provider_id) WHERE provider_id <> '' AND traffic = 'outgoing';
CREATE UNIQUE INDEX messages_send_key ON messages (send_key) WHERE send_key IS NOT NULL;
CREATE INDEX messages_contact ON messages (contact_id, id);
CREATE INDEX messages_last ON messages (contact_id, traffic, at);
-- what is still to be sent: order per identity, and the limiter's priorities per channel
CREATE INDEX messages_unsent ON messages (identity_id, id) WHERE status IN ('pending', 'sending');
CREATE INDEX messages_unsent_channel ON messages (channel_id, priority, id) WHERE status IN ('pending', 'sending');

CREATE TABLE message_statuses (
  id INTEGER PRIMARY KEY,
  message_id INTEGER NOT NULL,
  value TEXT NOT NULL,
  message TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL
);
CREATE INDEX message_statuses_message ON message_statuses (message_id, id);

CREATE TABLE early_receipts (
  id INTEGER PRIMARY KEY,
  channel_id INTEGER NOT NULL,
  provider_id TEXT NOT NULL,
  value TEXT NOT NULL,
  message TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX early_receipts_message ON early_receipts (channel_id, provider_id);

CREATE TABLE comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  text TEXT NOT NULL,
  author TEXT NOT NULL,
  mentions TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL
);
CREATE INDEX comments_contact ON comments (contact_id, id);

-- Every change writes an event in its transaction; the contact's timeline is read from here too.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  workspace_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0,
  conversation_id INTEGER NOT NULL DEFAULT 0,
  type TEXT NOT NULL,
  actor TEXT NOT NULL,
  cause TEXT NOT NULL DEFAULT '[]', -- event ids
  chain TEXT NOT NULL DEFAULT '[]', -- workflow ids
  data TEXT NOT NULL DEFAULT '{}',
  at INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_uid ON events (uid);
CREATE INDEX events_contact ON events (contact_id, id);

CREATE TABLE workflows (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'draft',
  revision INTEGER NOT NULL DEFAULT 1,
  trigger_type TEXT NOT NULL,
  draft TEXT NOT NULL,
  draft_hash TEXT NOT NULL,
  version_id INTEGER NOT NULL DEFAULT 0, -- newest published version
  version INTEGER NOT NULL DEFAULT 0,
  version_hash TEXT NOT NULL DEFAULT '',
  published_trigger TEXT NOT NULL DEFAULT '', -- trigger type of the newest version while published; '' otherwise
  first_published_at INTEGER NOT NULL DEFAULT 0,
  last_published_at INTEGER NOT NULL DEFAULT 0,
  last_published_by TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX workflows_slug ON workflows (workspace_id, slug) WHERE deleted_at = 0;
CREATE INDEX workflows_triggered ON workflows (workspace_id, published_trigger, first_published_at, id) WHERE published_trigger <> '';

CREATE TABLE workflow_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  workflow_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  definition TEXT NOT NULL,
  hash TEXT NOT NULL,
  step_count INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL
);
CREATE UNIQUE INDEX workflow_versions_number ON workflow_versions (workflow_id, version);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  workflow_id INTEGER NOT NULL,
  version_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL DEFAULT 0, -- the conversation whose opening or closing started the run
  state TEXT NOT NULL DEFAULT 'running',
  exit_reason TEXT NOT NULL DEFAULT '',
  test BOOLEAN NOT NULL DEFAULT FALSE,
  exit_on_incoming BOOLEAN NOT NULL DEFAULT FALSE,
  exit_on_outgoing BOOLEAN NOT NULL DEFAULT FALSE,
  exit_on_assignment BOOLEAN NOT NULL DEFAULT FALSE,
  trigger_event TEXT NOT NULL DEFAULT '',
  trigger_type TEXT NOT NULL,
  trigger_source TEXT NOT NULL DEFAULT '',
  trigger_actor TEXT NOT NULL DEFAULT '{}',
  trigger_at INTEGER NOT NULL,
  start_from TEXT NOT NULL DEFAULT '',
  chain TEXT NOT NULL DEFAULT '[]',
  vars TEXT NOT NULL DEFAULT '{}',
  jumps TEXT NOT NULL DEFAULT '{}',
  wait_kind TEXT NOT NULL DEFAULT '',
  wait_no INTEGER NOT NULL DEFAULT 0,   -- effect number that opened the wait
  wait_reason TEXT NOT NULL DEFAULT '',
  asked_at INTEGER NOT NULL DEFAULT 0,  -- id of the question message: the latest asked answers first
  claim TEXT NOT NULL DEFAULT '',       -- JSON of the flow.Result that won the wait; '' = open
  due_at INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX runs_live ON runs (contact_id, workflow_id) WHERE state IN ('running', 'waiting');
CREATE UNIQUE INDEX runs_event ON runs (trigger_event, workflow_id) WHERE trigger_event <> '';
CREATE INDEX runs_contact ON runs (contact_id, id);
CREATE INDEX runs_entered ON runs (contact_id, workflow_id, started_at);
CREATE INDEX runs_workspace ON runs (workspace_id, id);
CREATE INDEX runs_workflow ON runs (workflow_id, id);
CREATE INDEX runs_live_workflow ON runs (workflow_id, state) WHERE state IN ('running', 'waiting');
CREATE INDEX runs_due ON runs (due_at) WHERE due_at > 0;

CREATE TABLE run_steps (
  run_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  visit INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '',
  arm TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  warnings TEXT NOT NULL DEFAULT '[]',
  detail TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (run_id, seq)
);

-- The key of an effect is (run, effect number): its row is written in the effect's transaction.
CREATE TABLE run_effects (
  run_id INTEGER NOT NULL,
  no INTEGER NOT NULL,
  kind TEXT NOT NULL,
  result TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (run_id, no)
);

CREATE TABLE trigger_decisions (
  id INTEGER PRIMARY KEY,
  workspace_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  event TEXT NOT NULL,      -- JSON: id, type, summary, actor
  workflow_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  run_id INTEGER NOT NULL DEFAULT 0,
  conditions TEXT NOT NULL DEFAULT '[]',
  at INTEGER NOT NULL
);
CREATE INDEX trigger_decisions_contact ON trigger_decisions (contact_id, id);
CREATE INDEX trigger_decisions_at ON trigger_decisions (at);

CREATE TABLE assignment_queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  team_id INTEGER NOT NULL DEFAULT 0, -- 0 = the pool of the whole workspace
  contact_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  workflow_id INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  entered_at INTEGER NOT NULL,
  timeout_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX assignment_queue_run ON assignment_queue (run_id);
CREATE INDEX assignment_queue_pool ON assignment_queue (workspace_id, team_id, id);
CREATE INDEX assignment_queue_contact ON assignment_queue (contact_id);

-- Round robin: place of the user served last. Least open: when a step last served a user.
CREATE TABLE assignment_cursors (
  workflow_id INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  joined_at INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  PRIMARY KEY (workflow_id, step_id)
);
CREATE TABLE assignment_turns (
  workflow_id INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  turn INTEGER NOT NULL, -- grows with each assignment of the step
  PRIMARY KEY (workflow_id, step_id, user_id)
);

-- What Temporal must be told. A row disappears when Temporal has taken it.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workspace_id INTEGER NOT NULL,
  contact_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  run_id INTEGER NOT NULL DEFAULT 0,
  payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
);
CREATE INDEX outbox_contact ON outbox (contact_id, id);

CREATE TABLE idempotency_keys (
  token_id INTEGER NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  status INTEGER NOT NULL DEFAULT 0, -- 0 = the first request is still running
  response TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  PRIMARY KEY (token_id, route, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- +goose Down
-- A version is never taken back: restore the backup made before the upgrade.
SELECT 1;
