/** The scripts that write to Redis; each runs as one step, or not at all. */

/*
 * All scripts take, as arguments: the author; the most entries and the most bytes of the history; the name of the
 * step; as one JSON text the changes, a list of [number of its key, kind, owner, field, expected value or
 * false, whether there is a difference, new value or false, the JSON of what the history keeps in place of the
 * values or false], the last two only where there is a difference; and about the marker of the store: the number of
 * its key, behind which come the services and the rules of all ("" to leave it), then the marker for a store that
 * had neither, and for one that had. Changes are one text, since Lua and the client both have a limit of how many
 * arguments they take. The last key is the history if there is an author.
 */

const CHANGES = `
local changes = cjson.decode(ARGV[5])
`
/*
 * Entries say in `total` how many bytes the history has had up to and with them: so the bytes between two of them
 * are known without reading these. XADD itself trims, which asks for no further right than to add.
 */
const RECORD = `
if ARGV[1] ~= '' then
  local history = KEYS[#KEYS]
  local max = tonumber(ARGV[3])
  local function size(words)
    local sum = 0
    for _, word in ipairs(words) do sum = sum + #word end
    return sum
  end
  local function totalOf(words)
    for i = 1, #words, 2 do if words[i] == 'total' then return tonumber(words[i + 1]) end end
  end

  local entries, added = {}, 0
  for _, change in ipairs(changes) do
    if change[6] then
      local words = { 'by', ARGV[1], 'key', change[2], 'owner', change[3], 'field', change[4] }
      local function add(name, value)
        words[#words + 1] = name
        words[#words + 1] = value
      end
      if change[8] then
        add('leftOut', change[8])
      else
        if change[5] then add('from', change[5]) end
        if change[7] then add('to', change[7]) end
      end
      entries[#entries + 1] = words
    end
  end
  local count = #entries
  -- Of more than the history keeps, the first would be gone at once.
  if count > tonumber(ARGV[2]) then
    local kept = {}
    for number = count - tonumber(ARGV[2]) + 1, count do kept[#kept + 1] = entries[number] end
    entries = kept
  end
  for _, words in ipairs(entries) do
    words[#words + 1] = 'step'
    words[#words + 1] = ARGV[4]
    words[#words + 1] = 'entries'
    words[#words + 1] = tostring(count)
    added = added + size(words)
  end

  local function next_of(id)
    local ms, sequence = string.match(id, '(%d+)-(%d+)')
    return ms .. '-' .. string.format('%.0f', tonumber(sequence) + 1)
  end
  local function previous_of(id)
    local ms, sequence = string.match(id, '(%d+)-(%d+)')
    if sequence == '0' then return string.format('%.0f', tonumber(ms) - 1) end
    return ms .. '-' .. string.format('%.0f', tonumber(sequence) - 1)
  end

  -- Without a total are entries of version 0.1.0, and what others added: these are counted, as far as there is room.
  local total, known, first, last = 0, false, nil, '+'
  repeat
    local chunk = redis.call('XREVRANGE', history, last, '-', 'COUNT', 10)
    for _, entry in ipairs(chunk) do
      local before = totalOf(entry[2])
      local own = before or size(entry[2])
      if not before and total + added + own > max then
        first = next_of(entry[1])
        break
      end
      total = total + own
      known = before ~= nil
      if known then break end
      last = previous_of(entry[1])
    end
  until known or first or #chunk < 10

  local start = '-'
  while not first do
    local entry = redis.call('XRANGE', history, start, '+', 'COUNT', 1)[1]
    if not entry then break end
    local own = size(entry[2])
    if total + added - ((totalOf(entry[2]) or own) - own) <= max then break end
    start = next_of(entry[1])
  end
  if start ~= '-' then first = start end

  for number, words in ipairs(entries) do
    total = total + size(words)
    words[#words + 1] = 'total'
    words[#words + 1] = string.format('%.0f', total)
    local trimmed = false
    if first and number == 1 then
      -- Before Redis 6.2 there is no MINID, and the history is bounded by its entries alone.
      local answer = redis.pcall('XADD', history, 'MINID', '=', first, '*', unpack(words))
      trimmed = type(answer) ~= 'table' or not answer.err
    end
    if not trimmed then redis.call('XADD', history, 'MAXLEN', '~', ARGV[2], '*', unpack(words)) end
  end
end
`
const COMPARE = `
for number, change in ipairs(changes) do
  if redis.call('HGET', KEYS[change[1]], change[4]) ~= change[5] then return number - 1 end
end
if ARGV[1] ~= '' then
  local type = redis.call('TYPE', KEYS[#KEYS]).ok
  if type ~= 'none' and type ~= 'stream' then return 'NOSTREAM' end
end
`
/** A user of Redis who may not do that changes rules all the same: they were without a marker before, too. */
const MARK = `
if ARGV[6] ~= '' then
  local at = tonumber(ARGV[6])
  local function held(i) return redis.pcall('TYPE', KEYS[i]).ok ~= 'none' end
  redis.pcall('SET', KEYS[at], (held(at + 1) or held(at + 2)) and ARGV[8] or ARGV[7], 'NX')
end
`
const SET = `
for _, change in ipairs(changes) do
  if change[6] then
    if change[7] then
      redis.call('HSET', KEYS[change[1]], change[4], change[7])
    else
      redis.call('HDEL', KEYS[change[1]], change[4])
    end
  end
end
`
/**
 * Answers with the number of the first change whose entry is not as expected, else with nil. The history goes
 * before the change: what can fail there fails while nothing is written.
 */
export const COMPARE_AND_SET = CHANGES + COMPARE + RECORD + MARK + SET
/** Answers in the same way, and changes nothing. */
export const COMPARE_ONLY = CHANGES + COMPARE
/** Sets a marker, a text, that is as expected; answers as the others do. */
export const SET_MARKER = `
local expected = ARGV[1] == '1' and ARGV[2]
if redis.call('GET', KEYS[1]) ~= expected then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
`
/** For changes that are made already. */
export const RECORD_ONLY = CHANGES + RECORD
