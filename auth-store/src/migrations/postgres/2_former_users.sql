-- Users who were deleted: what they owned elsewhere is not to be somebody else's who gets their name. The SHA-256 of a
-- name keeps it from being read, but not from being guessed.
CREATE TABLE auth_former_user (
    name_sha256 BYTEA PRIMARY KEY,
    deleted_at BIGINT NOT NULL
);
