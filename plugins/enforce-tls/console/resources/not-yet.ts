/** Routes whose answers this version can't give. */
import { Problem } from '../problem.js'
import { route, type Reply } from '../route.js'
import { shortText } from '../schemas.js'

export const notYetRoutes = [
  route({
    method: 'get',
    path: '/report',
    operationId: 'report',
    summary: 'What became of covered mail. This version answers 501.',
    needs: 'reader',
    query: { since: shortText, owner: shortText, domain: shortText },
    answers: {},
    handle: () => notYet('report on deliveries'),
  }),
]

function notYet(what: string): Promise<Reply> {
  return Promise.reject(new Problem(501, 'not-implemented', `This version can not ${what} yet.`))
}
