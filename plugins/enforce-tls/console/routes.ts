/** All routes of the API. */
import type { Route } from './route.js'
import { domainRoutes } from './resources/domains.js'
import { ruleRoutes } from './resources/rules.js'
import { sessionRoutes } from './resources/session.js'

export const ROUTES: readonly Route[] = [...sessionRoutes, ...domainRoutes, ...ruleRoutes]
