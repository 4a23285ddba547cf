/** The scripts that write to Redis; each runs as one step, or not at all. */

/*
 * All scripts take the author, the most entries of the history, then nine arguments for each change: the number
 * of its key, kind, owner, field, whether it is expected ("1") or not (""), the expected value, whether it shall
 * be there, the new value, whether that is a difference. The last key is the history if there is an author.
 */

const PRESENT = `
local function present(i) return ARGV[i] == '1' end
`
const RECORD = `
if ARGV[1] ~= '' then
  for i = 3, #ARGV, 9 do
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
for i = 3, #ARGV, 9 do
  local expected = present(i + 4) and ARGV[i + 5]
  if redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 3]) ~= expected then return (i - 3) / 9 end
end
if ARGV[1] ~= '' then
  local type = redis.call('TYPE', KEYS[#KEYS]).ok
  if type ~= 'none' and type ~= 'stream' then return 'NOSTREAM' end
end
`
const SET = `
for i = 3, #ARGV, 9 do
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
export const COMPARE_AND_SET = PRESENT + COMPARE + RECORD + SET
/** Answers in the same way, and changes nothing. */
export const COMPARE_ONLY = PRESENT + COMPARE
/** For changes that are made already. */
export const RECORD_ONLY = PRESENT + RECORD
