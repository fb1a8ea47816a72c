-- Settles and grants parts of counters, all in one step.
--
-- KEYS[1]  when each replica was last alive (sorted set, milliseconds of this server)
-- KEYS[2]  the number of the last call of this replica
-- KEYS[3+] a hash for each counter: `base`, which is nobody's part any more; `wanted`, who was last
--          refused and when; and for each part `replica.number` = `used:granted`
-- ARGV     replica, number of this call, alive for (ms), remembered for (ms), then FIELDS for each
--          counter; amounts are whole numbers up to 2^53

local FIELDS = 13
local WANTED_FOR = 300

local replica, call = ARGV[1], tonumber(ARGV[2])
local alive_for, remembered_for = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A call that was thought lost may arrive behind the one after it.
local last_call = tonumber(redis.call('GET', KEYS[2]))
if last_call and last_call >= call then
  return redis.error_reply('OUTRUN a later call of this replica was here before')
end
redis.call('SET', KEYS[2], call, 'PX', remembered_for)
local is_new = redis.call('ZSCORE', KEYS[1], replica) and 0 or 1
redis.call('ZADD', KEYS[1], now, replica)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - remembered_for)
redis.call('PEXPIRE', KEYS[1], remembered_for)
local replicas = redis.call('ZCOUNT', KEYS[1], now - alive_for, '+inf')

local seen = {}
local function last_seen(name)
  if seen[name] == nil then
    seen[name] = tonumber(redis.call('ZSCORE', KEYS[1], name)) or 0
  end
  return seen[name]
end

local function text(number)
  return string.format('%.0f', number)
end

local function share(key, at)
  local part, most, kept = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local known, reset = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local used, answered, granted = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7])
  local need, spare = tonumber(ARGV[at + 8]), tonumber(ARGV[at + 9])
  local slack, ends, least = tonumber(ARGV[at + 10]), ARGV[at + 11] == '1', tonumber(ARGV[at + 12])

  local base, mine, wanted = nil, nil, nil
  local others_used, held, merged = 0, 0, 0
  local all = redis.call('HGETALL', key)
  for place = 1, #all, 2 do
    local name, value = all[place], all[place + 1]
    if name == 'base' then
      base = tonumber(value)
    elseif name == 'wanted' then
      wanted = value
    elseif name == part then
      mine = value
    else
      local u, g = string.match(value, '^(-?%d+):(-?%d+)$')
      u, g = tonumber(u), tonumber(g)
      others_used = others_used + u
      local last = last_seen(string.match(name, '^(.*)%.'))
      if last >= now - alive_for then
        held = held + math.max(0, g - u)
      elseif last == 0 and known then
        -- Nobody comes back to this part: it would stay for ever where a counter has no end.
        merged = merged + u
        redis.call('HDEL', key, name)
      end
    end
  end
  base = (base or 0) + merged
  others_used = others_used - merged

  local begins_anew = 0
  if not mine then
    if known then
      base = math.max(base, known - others_used)
      if answered > 0 then
        begins_anew, used, granted = 1, used - answered, granted - answered
      end
    end
  end
  if reset then
    base = reset - others_used - used
  end

  local free = math.max(0, most - base - others_used - held - math.max(granted, used))
  -- What is too little for any of those who wait is left to others.
  local given = free >= least and math.min(need, free) or 0
  local is_wanted = 0
  if wanted then
    local at_time, by = string.match(wanted, '^(%d+):(.*)$')
    if by ~= replica and tonumber(at_time) >= now - WANTED_FOR then
      is_wanted = 1
    end
  end
  local most_slack, extra = 0, 0
  if given == need and is_wanted == 0 then
    most_slack = math.floor((free - given + slack) / (4 * replicas))
    extra = math.max(0, math.min(spare, most_slack - slack))
  end
  granted = granted + given + extra

  if ends then
    base, used = base + used, 0
    redis.call('HDEL', key, part)
  else
    redis.call('HSET', key, part, text(used) .. ':' .. text(granted))
  end
  redis.call('HSET', key, 'base', text(base))
  if given < need then
    redis.call('HSET', key, 'wanted', text(now) .. ':' .. replica)
  end
  redis.call('PEXPIRE', key, kept)

  local soon = held + free - given - extra
  return { given + extra, base + others_used + used, held, soon, most_slack, begins_anew, is_wanted }
end

local answers = { { is_new, replicas } }
for place = 3, #KEYS do
  answers[#answers + 1] = share(KEYS[place], 5 + (place - 3) * FIELDS)
end
return answers
