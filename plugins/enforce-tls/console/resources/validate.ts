/** Values of a rule's criteria, one by one, while somebody types them. */
import { GROUP_PREFIX } from '../../rules/group-name.js'
import { parseAddressText, parseText } from '../../rules/criteria.js'
import { formatFlaw } from '../../rules/format-problem.js'
import { parseNewDomain } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import { didYouMean, nearest } from '../../text/nearest.js'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { route, type Call, type Reply } from '../route.js'
import { list, object, problem, shortText, suggestion, text } from '../schemas.js'

const VALUES_MAX = 500

const FIELDS = ['to', 'from', 'subject', 'header', 'domain'] as const

interface ValidateBody {
  readonly field: (typeof FIELDS)[number]
  readonly values: readonly string[]
}

export const validateRoutes = [
  route<ValidateBody>({
    method: 'post',
    path: '/validate',
    operationId: 'validateValues',
    summary: 'Check values for a field of a rule, or names for a new domain.',
    needs: 'reader',
    body: object({
      field: { type: 'string', enum: FIELDS },
      values: list(shortText, VALUES_MAX),
    }),
    answers: {
      200: list(object({ value: text, problem, normalised: text, suggestion }, 'normalised', 'suggestion')),
    },
    handle: validate,
  }),
]

const PARSERS: Readonly<Record<(typeof FIELDS)[number], typeof parseText>> = {
  to: parseAddressText,
  from: parseAddressText,
  subject: parseText,
  header: parseText,
  domain: (value) => {
    const parsed = parseNewDomain(value)
    return 'domain' in parsed ? { text: parsed.domain } : parsed
  },
}

async function validate({ context, body: { field, values } }: Call<ValidateBody>): Promise<Reply> {
  const parse = PARSERS[field]
  const groups = values.some((value) => value.startsWith(GROUP_PREFIX))
    ? await context.store.groups()
    : new Map<string, string>()
  return { body: await inPieces(validating(values, parse, groups)) }
}

function* validating(
  values: readonly string[],
  parse: typeof parseText,
  groups: ReadonlyMap<string, string>,
): InPieces<readonly object[]> {
  const answers: object[] = []
  for (const value of values) {
    answers.push(validated(value, parse, groups))
    yield
  }
  return answers
}

function validated(value: string, parse: typeof parseText, groups: ReadonlyMap<string, string>): object {
  const parsed = parse(value)
  if ('problem' in parsed) {
    const { suggestion } = parsed
    return {
      value,
      problem: formatFlaw(parse === PARSERS.domain ? parsed : { value, ...parsed }),
      ...(suggestion ? { suggestion } : {}),
    }
  }
  if (parse === parseAddressText && isUnknownGroup(value, groups)) return unknownGroup(value, groups)
  return { value, problem: null, normalised: parsed.text }
}

function unknownGroup(value: string, groups: ReadonlyMap<string, string>): object {
  const name = nearest(value.slice(GROUP_PREFIX.length), groups.keys())
  const meant = name === null ? null : GROUP_PREFIX + name
  const problem = `${quote(value)} names a group that does not exist${didYouMean(meant)}`
  return { value, problem, ...(meant === null ? {} : { suggestion: [meant] }) }
}

function isUnknownGroup(value: string, groups: ReadonlyMap<string, string>): boolean {
  return value.startsWith(GROUP_PREFIX) && !groups.has(value.slice(GROUP_PREFIX.length))
}
