"""The rate limiter's Lua scripts. Each runs atomically in Redis and uses Redis's clock, not a worker's.

Keys: `gate:state` (hash: the buckets and the pause), `gate:flows` (the broadcasts that wait, scored by the
time when they no longer count), `gate:shares` (how many tokens each of those got), `gate:chat:<id>` (recent
messages to a chat), `gate:held:<id>` (a group that a 429 paused), `gate:person:<id>` (a person's recent
use). All keys expire. Times are milliseconds. Every script returns {outcome, milliseconds to wait,
milliseconds of pause left, …}.
"""

from __future__ import annotations

from typing import Final

STATE: Final = "gate:state"
FLOWS: Final = "gate:flows"
SHARES: Final = "gate:shares"
HELD_PREFIX: Final = "gate:held:"

FRESH, DENIED, GRANTED, STALE, LASTING, UNKNOWN = -1, 0, 1, 2, 3, 4

CHAT_SECONDS: Final = 1.05
"""Between two paced messages to one chat: Telegram's second, and a margin for delays on the way."""
GROUP_MESSAGES: Final = 20
GROUP_SECONDS: Final = 61.0
"""A group or channel gets GROUP_MESSAGES in this time: Telegram's minute, and the same margin."""

_STATE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local rate, keep = tonumber(ARGV[1]) / 1000, tonumber(ARGV[2])
local full = math.max(rate * 1000, keep + 1)
local burst = math.max(rate * 250, 1)
local held = redis.call('HMGET', KEYS[1], 'stamp', 'level', 'paced', 'pause', 'person', 'other', 'money')
local stamp, level, paced = tonumber(held[1]), tonumber(held[2]), tonumber(held[3])
local pause, person, other = tonumber(held[4]) or 0, tonumber(held[5]) or 0, tonumber(held[6]) or 0
local money = tonumber(held[7]) or 0

local function save()
  redis.call('HSET', KEYS[1], 'stamp', stamp, 'level', level, 'paced', paced, 'pause', pause,
    'person', person, 'other', other, 'money', money)
  redis.call('PEXPIRE', KEYS[1], 86400000)
end

local function answer(outcome, wait)
  return {outcome, math.ceil(math.max(wait, 0)), math.ceil(math.max(pause - now, 0))}
end
"""
"""`level` is the token bucket, up to a second's worth. `paced` is a smaller bucket for notices and
broadcasts, up to a quarter of that, so that their rate is even. `stamp` is when both were computed; in a
pause it is the pause's end, from where they fill again. `person`, `other` and `money` are the latest retry
times given to callers that must wait, so that they do not all return at once."""

_REFILL: Final = """
if not stamp then return {-1, 0, 0} end
if stamp > now and pause <= now then stamp = now end
local passed = math.max(now - stamp, 0)
level, paced = math.min(level + passed * rate, full), math.min(paced + passed * rate, burst)
stamp = math.max(stamp, now)

local function slot(last, missing, step)
  local open = math.max(now, pause)
  return math.min(math.max(open + math.max(missing, 0) / rate, last + step / rate), open + 60000)
end
"""
"""A missing state (first start, wiped Redis) is not created here, because a pause may be in force (FRESH)."""

PERSON_SHARE: Final = 5
"""While less than half of the bucket is left, a person gets at most rate / PERSON_SHARE."""
PERSON_SECONDS: Final = 1.0
"""Between two answers in a person's chat, once the burst that Telegram accepts there is used up."""

_TAKE_ONE: Final = f"""
local wait = 0
local function take(chat, most)
  local share, used, floor, step = 'gate:person:' .. chat, now, 0, {PERSON_SHARE} / rate
  local had, second, filled = {{}}, {PERSON_SECONDS * 1000:.0f}, now
  if chat ~= '' then
    had = redis.call('HMGET', share, 'used', 'due', 'filled')
    used, floor = math.max(tonumber(had[1]) or 0, now), keep / {PERSON_SHARE}
    filled = math.max(tonumber(had[3]) or 0, now) + second
    local ahead = math.max(filled - most * second - now, 0)
    if level < full / 2 then ahead = math.max(ahead, used + step - math.max(step, 1000) - now) end
    if ahead > 0 then
      local due = math.max(tonumber(had[2]) or 0, now + ahead - step) + step
      due = math.min(due, now + 60000)
      redis.call('HSET', share, 'due', due)
      redis.call('PEXPIRE', share, 61000)
      wait = due - now
      return
    end
  end
  if pause <= now and level >= 1 + floor then
    level = level - 1
    if chat ~= '' then
      redis.call('HSET', share, 'used', math.min(used + step, now + 3000), 'filled', filled)
      redis.call('PEXPIRE', share, math.max(math.ceil(filled - now), 61000))
    end
  elseif chat == '' then
    money = slot(money, 1 - level, 1)
    wait = money - now
  else
    person = slot(person, 1 + floor - level, 1)
    wait = person - now
  end
end
"""
"""A message about money takes any token. A screen leaves part of the reserve, so that a receipt never waits
behind screens. A person above their share waits in a queue of their own and delays nobody else. `used` is
the time at which a person's tokens are all refilled. `filled` is the same for the limit of their chat:
exceeding that limit would bring a 429, which stops everybody."""

_TAKEN: Final = """
save()
if wait > 0 then return answer(0, wait) end
"""

PERSON: Final = f"{_STATE}{_REFILL}{_TAKE_ONE} take(ARGV[3], ARGV[4]) {_TAKEN} return answer(1, 0)"
"""Take one token for an answer to a person, who may use the whole bucket. ARGV: rate, reserve, chat ('' for
money), burst of a chat."""

CLAIM: Final = f"""{_STATE}{_REFILL}{_TAKE_ONE}
local seen = redis.call('GET', KEYS[2])
if seen == 'lasting' then return answer(3, 0) end
if not seen and ARGV[7] == '0' then return answer(4, 0) end
if seen and tonumber(seen) > tonumber(ARGV[3]) then return answer(2, 0) end
take(ARGV[8], ARGV[9])
{_TAKEN}
redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[5])
redis.call('SET', KEYS[3], ARGV[4], 'EX', ARGV[6])
return answer(1, 0)
"""
"""Claim a message for an edit and take its token, in one round trip.

KEYS: state, the message's render, its content. ARGV: rate, reserve, sequence, content, seconds to keep each,
1 if it is known to be editable, chat, burst of a chat. LASTING: the message must not be edited. STALE: a
later render has it. UNKNOWN: Redis knows nothing about it, ask PostgreSQL. None of these takes a token.
DENIED: there is no token and nothing was claimed."""

PEEK: Final = f"{_STATE}{_REFILL} return answer(1, 0)"
"""Return how long the pause still lasts."""

PAUSE: Final = f"""{_STATE}
if not stamp then stamp, level, paced = now, math.min(keep, full), 0 end
local till = now + tonumber(ARGV[3])
if till > now and till > pause then pause, stamp, level, paced = till, till, 0, 0 end
save()
return answer(1, 0)
"""
"""Pause everything for at least that long. ARGV: rate, reserve, milliseconds. With 0 only a missing state is
created. It holds the reserve and nothing more, so that a wipe lets no burst through."""

RESERVE: Final = f"""{_STATE}{_REFILL}
local flow, chat_ms, group_count, group_ms = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local wanted, notice = #ARGV - 6, ARGV[3] == ''
local floor, debt = keep, 0
if notice then floor, debt = keep / 2, burst end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[2], name)
  redis.call('HDEL', KEYS[3], name)
end
local mine, least, others, share, quantum = 0, nil, 0, math.huge, math.max(burst / 2, 1)
if not notice then
  for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    if name ~= flow then
      local had = tonumber(redis.call('HGET', KEYS[3], name)) or 0
      least, others = math.min(least or had, had), others + 1
    end
  end
  mine = tonumber(redis.call('HGET', KEYS[3], flow)) or least or 0
  if least then share = math.max(least + quantum - mine, 0) end
end
local room = 0
if pause <= now then room = math.floor(math.min(paced + debt, level - floor, share) + 0.000001) end

local function chat_wait(id)
  local key = 'gate:chat:' .. id
  if string.sub(id, 1, 1) ~= '-' then
    if redis.call('SET', key, 1, 'PX', chat_ms, 'NX') then return 0 end
    return math.max(redis.call('PTTL', key), 1)
  end
  local held = redis.call('PTTL', '{HELD_PREFIX}' .. id)
  if held > 0 then return held end
  local sent = redis.call('LRANGE', key, 0, group_count - 1)
  local last, first = tonumber(sent[1]) or 0, tonumber(sent[group_count]) or 0
  local wait = math.max(last + chat_ms - now, first + group_ms - now)
  if wait > 0 then return wait end
  redis.call('LPUSH', key, now)
  redis.call('LTRIM', key, 0, group_count - 1)
  redis.call('PEXPIRE', key, group_ms)
  return 0
end

local taken, soonest, index, wait = {{}}, math.huge, 0, 0
while index < wanted and #taken < room do
  index = index + 1
  local busy = chat_wait(ARGV[6 + index])
  if busy == 0 then taken[#taken + 1] = index else soonest = math.min(soonest, busy) end
end
level, paced, mine = level - #taken, paced - #taken, mine + #taken

if index < wanted then
  local need = math.min(wanted - index, quantum)
  local missing = math.max(need - paced - debt, need + floor - level)
  if share < #taken + need then missing = math.max(missing, (#taken + need - share) * others) end
  if notice then
    other = slot(other, missing, 1)
    wait = other - now
  else
    wait = slot(0, missing, 0) - now
    redis.call('ZADD', KEYS[2], now + wait + 1000, flow)
    redis.call('HSET', KEYS[3], flow, mine)
    redis.call('PEXPIRE', KEYS[2], 86400000)
    redis.call('PEXPIRE', KEYS[3], 86400000)
  end
else
  redis.call('ZREM', KEYS[2], flow)
  redis.call('HDEL', KEYS[3], flow)
  if soonest < math.huge then wait = soonest end
end
save()
local said = answer(#taken > 0 and 1 or 0, wait)
for position, index_taken in ipairs(taken) do said[3 + position] = index_taken end
return said
"""
"""Take tokens for a page of paced messages. ARGV: rate, reserve, broadcast ('' for notices), a chat's
milliseconds, a group's messages and milliseconds, chat ids. The answer ends with the positions of the
granted chats.

Priority follows from what each must leave in the bucket: a person nothing, a notice half of the reserve, a
broadcast all of it. A notice may also overdraw the paced bucket; broadcasts wait until it is refilled.

No waiting broadcast gets more than half a burst ahead of the one with the fewest tokens, so their shares are
equal however often each asks. A broadcast that is a second late to ask again no longer counts, so a dead
sender delays nobody. A broadcast that got all it asked for does not count as waiting."""
