/** What the console works with, so that Haraka and the command can each give their own. */
import type { StoreMemory } from '../admin/store-memory.js'
import type { PartnerCheck, CheckRequest } from '../check/types.js'
import type { BounceTexts } from '../delivery/bounce/compose.js'
import type { RecentFailures } from '../report/recent-failures.js'
import type { Settings } from '../settings/types.js'
import type { DeliveryLogReader } from '../store/delivery-log.js'
import type { PartnerFacts } from '../store/partner-facts.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import type { RuleStore } from '../store/rule-store.js'
import type { Sessions } from './auth/sessions.js'
import type { SignIn } from './auth/sign-in.js'
import type { TokenUses } from './auth/tokens.js'
import type { AccountStore } from './auth/account-store.js'
import type { PreviewRequest } from './preview-bounce.js'
import type { SearchLimit } from './search-limit.js'

/** What whoever runs the console gives it. */
export interface ConsoleOptions {
  readonly store: RuleStore
  readonly accounts: AccountStore
  readonly settings: () => Settings
  /** Writes the bounce that a rule would cause. */
  readonly previewBounce: (request: PreviewRequest) => Promise<BounceTexts>
  /** Where deliveries are recorded. */
  readonly deliveries: DeliveryLogReader
  /** What waits, as all Haraka tell it. */
  readonly waiting: SharedHashes
  /** What was observed of partners that no rule covers. */
  readonly partnerFacts: PartnerFacts
  /** Checks a partner's mail servers. */
  readonly checkPartner: (request: CheckRequest) => Promise<PartnerCheck>
  /** Whether Haraka offers STARTTLS to those who bring mail; `null` where that is not known. */
  readonly offersTls: () => boolean | null
  /** What Haraka remembers of its store; `null` where there is no Haraka. */
  readonly memory: StoreMemory | null
  /** Told what goes wrong in here. */
  readonly logError: (sentence: string) => void
}

/** What a route works with. */
export interface ConsoleContext extends ConsoleOptions {
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly tokenUses: TokenUses
  readonly recentFailures: RecentFailures
  readonly searches: SearchLimit
}
