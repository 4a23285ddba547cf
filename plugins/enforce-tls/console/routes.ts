/** All routes of the API. */
import type { Route } from './route.js'
import { allRulesRoutes } from './resources/all-rules.js'
import { partnerRoutes } from './resources/partner.js'
import { searchRoutes } from './resources/search.js'
import { severalRulesRoutes } from './resources/several-rules.js'
import { checkRoutes } from './resources/check.js'
import { domainHelpRoutes } from './resources/domain-help.js'
import { domainRoutes } from './resources/domains.js'
import { explainRoutes } from './resources/explain.js'
import { groupRoutes } from './resources/groups.js'
import { historyRoutes } from './resources/history.js'
import { impactRoutes } from './resources/impact.js'
import { messageRoutes } from './resources/messages.js'
import { openApiRoutes } from './resources/openapi.js'
import { reportRoutes } from './resources/report.js'
import { ruleSettingsRoutes } from './resources/rule-settings.js'
import { ruleTrafficRoutes } from './resources/rule-traffic.js'
import { ruleRoutes } from './resources/rules.js'
import { sessionRoutes } from './resources/session.js'
import { ownSessionRoutes } from './resources/sessions.js'
import { tokenRoutes } from './resources/tokens.js'
import { userRoutes } from './resources/users.js'
import { waitingRoutes } from './resources/waiting.js'
import { suggestionRoutes } from './resources/suggestions.js'
import { storeRoutes } from './resources/store.js'
import { trustRoutes } from './resources/trusts.js'
import { tryOutRoutes } from './resources/try-out.js'
import { validateRoutes } from './resources/validate.js'

export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...domainRoutes,
  ...domainHelpRoutes,
  ...ruleRoutes,
  ...ruleTrafficRoutes,
  ...groupRoutes,
  ...validateRoutes,
  ...explainRoutes,
  ...tryOutRoutes,
  ...historyRoutes,
  ...checkRoutes,
  ...trustRoutes,
  ...reportRoutes,
  ...messageRoutes,
  ...waitingRoutes,
  ...impactRoutes,
  ...userRoutes,
  ...ownSessionRoutes,
  ...tokenRoutes,
  ...suggestionRoutes,
  ...allRulesRoutes,
  ...partnerRoutes,
  ...searchRoutes,
  ...severalRulesRoutes,
  ...ruleSettingsRoutes,
  ...storeRoutes,
  ...openApiRoutes(() => ROUTES),
]
