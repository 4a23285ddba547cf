/** The scripts that write to Redis; each runs as one step, or not at all. */

/*
 * All scripts take the author, the most entries of the history, three arguments about the marker, then nine for each
 * change: the number of its key, kind, owner, field, whether it is expected ("1") or not (""), the expected value,
 * whether it shall be there, the new value, whether that is a difference. The last key is the history if there is an
 * author. About the marker: the number of its key, behind which come the services and the rules of all ("" to leave
 * it), then the marker for a store that had neither, and for one that had.
 */

const PRESENT = `
local function present(i) return ARGV[i] == '1' end
`
const RECORD = `
if ARGV[1] ~= '' then
  for i = 6, #ARGV, 9 do
    if present(i + 8) then
      local entry = { 'by', ARGV[1], 'key', ARGV[i + 1], 'owner', ARGV[i + 2], 'field', ARGV[i + 3] }
      if present(i + 4) then entry[9] = 'from'; entry[10] = ARGV[i + 5] end
      if present(i + 6) then entry[#entry + 1] = 'to'; entry[#entry + 1] = ARGV[i + 7] end
      redis.call('XADD', KEYS[#KEYS], 'MAXLEN', '~', ARGV[2], '*', unpack(entry))
    end
  end
end
`
const COMPARE = `
for i = 6, #ARGV, 9 do
  local expected = present(i + 4) and ARGV[i + 5]
  if redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 3]) ~= expected then return (i - 6) / 9 end
end
if ARGV[1] ~= '' then
  local type = redis.call('TYPE', KEYS[#KEYS]).ok
  if type ~= 'none' and type ~= 'stream' then return 'NOSTREAM' end
end
`
/** A user of Redis who may not do that changes rules all the same: they were without a marker before, too. */
const MARK = `
if ARGV[3] ~= '' then
  local at = tonumber(ARGV[3])
  local function held(i) return redis.pcall('TYPE', KEYS[i]).ok ~= 'none' end
  redis.pcall('SET', KEYS[at], (held(at + 1) or held(at + 2)) and ARGV[5] or ARGV[4], 'NX')
end
`
const SET = `
for i = 6, #ARGV, 9 do
  if present(i + 6) then
    redis.call('HSET', KEYS[tonumber(ARGV[i])], ARGV[i + 3], ARGV[i + 7])
  else
    redis.call('HDEL', KEYS[tonumber(ARGV[i])], ARGV[i + 3])
  end
end
`
/**
 * Answers with the number of the first change whose entry is not as expected, else with nil. The history goes
 * before the change: what can fail there fails while nothing is written.
 */
export const COMPARE_AND_SET = PRESENT + COMPARE + RECORD + MARK + SET
/** Answers in the same way, and changes nothing. */
export const COMPARE_ONLY = PRESENT + COMPARE
/** Sets a marker, a text, that is as expected; answers as the others do. */
export const SET_MARKER = `
local expected = ARGV[1] == '1' and ARGV[2]
if redis.call('GET', KEYS[1]) ~= expected then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
`
/** For changes that are made already. */
export const RECORD_ONLY = PRESENT + RECORD
