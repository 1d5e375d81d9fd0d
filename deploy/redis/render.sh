#!/bin/sh
# Fill in an ACL template: every `@NAME@` becomes the SHA-256 of REDIS_NAME_PASSWORD.
#
#     umask 077
#     REDIS_OPERATOR_PASSWORD=… REDIS_ENTRY_PASSWORD=… REDIS_WORKER_PASSWORD=… \
#         sh deploy/redis/render.sh deploy/redis/users.acl > /etc/valkey/users.acl
#
# The server's file holds hashes only, one user a line, which is all that `aclfile` understands. A password that
# is missing or shorter than 16 characters stops it: the users would otherwise be open to anybody.
set -eu
template=$1
text=$(awk '/^#/ || /^[[:space:]]*$/ { next }
    /^[[:space:]]/ { sub(/^[[:space:]]+/, ""); line = line " " $0; next }
    { if (line != "") print line; line = $0 }
    END { if (line != "") print line }' "$template")
for name in $(printf '%s\n' "$text" | grep -o '@[A-Z]*@' | tr -d '@' | sort -u); do
    eval "password=\${REDIS_${name}_PASSWORD:-}"
    if [ "${#password}" -lt 16 ]; then
        echo "REDIS_${name}_PASSWORD: 16 characters or more are needed" >&2
        exit 2
    fi
    digest=$(printf '%s' "$password" | sha256sum | cut -d ' ' -f 1)
    text=$(printf '%s\n' "$text" | sed "s/@${name}@/#${digest}/g")
done
printf '%s\n' "$text"
