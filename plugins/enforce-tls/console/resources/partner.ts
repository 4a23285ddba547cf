/** All that is known of one partner beside its rules, deliveries and waiting mail, which have lists of their own. */
import { partnerSeen } from '../../report/partner-seen.js'
import { DAY } from '../../report/report-query.js'
import { PartnerNames } from '../../rules/partner-names.js'
import { parseDomain } from '../../rules/address.js'
import { EVERYONE } from '../../rules/owner.js'
import { formatFlaw } from '../../rules/format-problem.js'
import { quote } from '../../text/quote.js'
import { inPieces } from '../../work/turns.js'
import { param, visibleOwner } from '../owner-access.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { flag, list, nullable, object, shortText, text } from '../schemas.js'

/** How far back deliveries are looked at, in milliseconds. */
const PERIOD = 30 * DAY

const policy: Schema = object(
  {
    type: { type: 'string', enum: ['tlsa', 'sts'] },
    testing: { ...flag, description: 'Of an MTA-STS policy that is only tested.' },
    domain: text,
    strings: list(text),
  },
  'testing',
)

const partner: Schema = object({
  domain: text,
  groups: {
    ...list(
      object({ name: text, patterns: { ...list(text), description: 'Those that fit; the first 20.' } }),
    ),
    description: 'Groups that it is in.',
  },
  certificate: {
    ...nullable(
      object({
        at: text,
        host: text,
        protocol: nullable(text),
        fingerprint: text,
        issuer: nullable(text),
        expires: nullable(text),
      }),
    ),
    description: 'The certificate that a delivery saw last, in the last 30 days; null for none.',
  },
  published: {
    ...nullable(object({ at: text, policies: list(policy) })),
    description:
      'What the partner had published at the last delivery that looked at it, in the last 30 days; null where none did.',
  },
})

export const partnerRoutes = [
  route({
    method: 'get',
    path: '/partners/{domain}',
    operationId: 'getPartner',
    rules: 'shown',
    summary:
      'A partner: its groups, and what deliveries saw of it last. Its rules: findRules; its deliveries: report; its waiting mail: listWaiting.',
    needs: 'reader',
    query: {
      owner: {
        ...shortText,
        description: 'Only deliveries of this owner. Users who may not see everything name one.',
      },
    },
    answers: { 200: partner },
    searches: true,
    handle: getPartner,
  }),
]

async function getPartner(call: Call): Promise<Reply> {
  const { context, query } = call
  const given = param(call, 'domain')
  const parsed = parseDomain(given)
  if ('problem' in parsed)
    throw new Problem(422, 'invalid', `${quote(given)} ${formatFlaw(parsed)}`, {
      field: 'domain',
      value: given,
    })
  const { domain } = parsed
  // Without an owner it is about all mail, as the rules of `*` are.
  const visible = visibleOwner(call, query['owner'] === undefined ? EVERYONE : String(query['owner']))
  const owner = query['owner'] === undefined ? null : visible
  const { groups } = await inPieces(PartnerNames.of(domain, await context.store.groups()))
  const since = new Date(Date.now() - PERIOD)
  const seen = await partnerSeen(context.deliveries, { domain, owner, since })
  return {
    body: { domain, groups: [...groups].map(([name, patterns]) => ({ name, patterns })), ...seen },
  }
}
