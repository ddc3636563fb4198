-- Times are seconds since 1970. Flags are 0 or 1.

CREATE TABLE auth_user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 128 random bits in hex, which are never given to another user.
    subject TEXT NOT NULL UNIQUE,
    -- As RFC 8265 writes it; compared byte by byte. It can change, and can be given to another user.
    name TEXT NOT NULL UNIQUE,
    display_name TEXT,
    email TEXT,
    password_hash TEXT,
    password_expires_at BIGINT,
    disabled SMALLINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    last_sign_in_at BIGINT,
    -- Goes up with each change that ends the tokens of the user.
    credential_epoch BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE auth_user_role (
    user_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role),
    FOREIGN KEY (user_id) REFERENCES auth_user (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX auth_user_role_by_role ON auth_user_role (role);

CREATE TABLE auth_user_permission (
    user_id BIGINT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, permission),
    FOREIGN KEY (user_id) REFERENCES auth_user (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX auth_user_permission_by_permission ON auth_user_permission (permission);

CREATE TABLE auth_api_key (
    id TEXT PRIMARY KEY,
    sha256 BLOB NOT NULL,
    prefix TEXT NOT NULL,
    label TEXT NOT NULL,
    owner_id BIGINT NOT NULL,
    -- Whether the key may do whatever its owner may; if not, what stands in `auth_api_key_permission`.
    unlimited SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    FOREIGN KEY (owner_id) REFERENCES auth_user (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX auth_api_key_by_owner ON auth_api_key (owner_id);

CREATE TABLE auth_api_key_permission (
    key_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (key_id, permission),
    FOREIGN KEY (key_id) REFERENCES auth_api_key (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX auth_api_key_permission_by_permission ON auth_api_key_permission (permission);

-- Goes up by one with each change that processes must know of.
CREATE TABLE auth_epoch (
    id SMALLINT PRIMARY KEY,
    epoch BIGINT NOT NULL
);

INSERT INTO auth_epoch (id, epoch) VALUES (1, 0);

-- Attempts to sign in. Buckets are hashes: names that were typed stand nowhere. Times are milliseconds.
CREATE TABLE auth_attempt (
    bucket BLOB PRIMARY KEY,
    empty_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    succeeded_at BIGINT,
    forget_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX auth_attempt_by_forget_at ON auth_attempt (forget_at);
