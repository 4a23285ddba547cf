/**
 * Users as administrators change them: by the command or in the console. Each change names what was seen of the user
 * and rejects with a `StoreError` `STORE_CONFLICT` where that is no longer so. The last administrator who can sign in
 * stays one: whoever takes that away from somebody names another one, who is looked at in the same step of the store.
 */
import { quote } from '../../text/quote.js'
import type { Witness } from './account-store.js'
import {
  formatRights,
  isInvited,
  newInvitation,
  parseUser,
  type Invitation,
  type Rights,
  type User,
} from './account.js'
import { hashPassword, passwordProblem, unknownHash } from './password.js'
import { AccountProblem, endTokensOf, type People } from './people.js'

/** A user as read. */
export interface ReadUser {
  readonly name: string
  readonly json: string
  /** `null` for an entry that does not validate. */
  readonly user: User | null
}

/** An invitation as it is handed over, once. */
export interface GivenInvitation {
  readonly secret: string
  readonly expiresAt: string
}

/** @throws {AccountProblem} where there is no such user. */
export async function readUser({ accounts }: Pick<People, 'accounts'>, name: string): Promise<ReadUser> {
  const json = await accounts.read('users', name)
  if (json === null) throw new AccountProblem('no-user', `there is no user ${quote(name)}`)
  return { name, json, user: parseUser(json) }
}

/** All users, by name. */
export async function allUsers({ accounts }: Pick<People, 'accounts'>): Promise<ReadUser[]> {
  return [...(await accounts.all('users'))]
    .map(([name, json]) => ({ name, json, user: parseUser(json) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Adds a user, with a password or with an invitation to choose one.
 *
 * @throws {AccountProblem} where there is one of this name, or the password is not good enough.
 */
export async function addUser(
  people: People,
  name: string,
  rights: Rights,
  password: string | null,
): Promise<GivenInvitation | null> {
  const { accounts, record } = people
  if ((await accounts.read('users', name)) !== null)
    throw new AccountProblem('user-exists', `there is a user ${quote(name)} already`)
  const invited = password === null ? newInvitation(people.now()) : null
  const user: User = {
    ...rights,
    ...(password === null
      ? { password: unknownHash(), changedAt: new Date(people.now()).toISOString(), pending: true }
      : await newPassword(people, password)),
    ...(invited === null ? {} : { invitation: invited.invitation }),
  }
  // Left behind by a removal that did not come to its end.
  await endTokensOf(people, name)
  await accounts.write('users', name, null, JSON.stringify(user))
  await record('users', name, { did: `${invited === null ? 'added' : 'invited'} as ${formatRights(rights)}` })
  return invited === null ? null : given(invited)
}

/** Changes role and domains. Tokens that the user made end, unless an administrator stays one. */
export async function setRights(people: People, seen: ReadUser, rights: Rights): Promise<User> {
  const user = validUser(seen)
  const changed = { ...user, ...rights }
  const witness = rights.role === 'admin' ? null : await witnessFor(people, seen)
  await people.accounts.write('users', seen.name, seen.json, JSON.stringify(changed), witness)
  const staysAdmin = user.role === 'admin' && rights.role === 'admin'
  const ended = staysAdmin ? [] : await endTokensOf(people, seen.name)
  const did = `role: ${formatRights(user)} → ${formatRights(rights)}${formatEnded(ended)}`
  await people.record('users', seen.name, { did })
  return changed
}

/** Sets a password; all sessions of the user end, and an invitation ends. */
export async function setPassword(
  people: People,
  seen: ReadUser,
  password: string,
  did = 'password set',
): Promise<User> {
  const { role, domains } = validUser(seen)
  const changed = { role, domains, ...(await newPassword(people, password)) }
  await people.accounts.write('users', seen.name, seen.json, JSON.stringify(changed))
  await people.record('users', seen.name, { did })
  return changed
}

/** Makes a new invitation; the password, if there is one, is valid until it is used. */
export async function invite(people: People, seen: ReadUser): Promise<GivenInvitation> {
  const user = validUser(seen)
  const invited = newInvitation(people.now())
  const changed: User = { ...user, invitation: invited.invitation }
  await people.accounts.write('users', seen.name, seen.json, JSON.stringify(changed))
  await people.record('users', seen.name, { did: 'invitation to choose a password made' })
  return given(invited)
}

/** Chooses a password with an invitation, which ends with it. */
export async function acceptInvitation(
  people: People,
  name: string,
  secret: string,
  password: string,
): Promise<User> {
  const json = await people.accounts.read('users', name)
  const user = parseUser(json)
  if (json === null || user === null || !isInvited(user, secret, people.now()))
    throw new AccountProblem('invitation-ended', 'this invitation is not valid, or was used already')
  return await setPassword(people, { name, json, user }, password, 'password chosen with an invitation')
}

/** Removes a user; sessions and tokens end at once. Gives the names of these tokens. */
export async function removeUser(people: People, seen: ReadUser): Promise<string[]> {
  const witness = await witnessFor(people, seen)
  await people.accounts.write('users', seen.name, seen.json, null, witness)
  const ended = await endTokensOf(people, seen.name)
  await people.record('users', seen.name, { did: `removed${formatEnded(ended)}` })
  return ended
}

/** Whether this is an administrator who can sign in. */
function isAdmin({ user }: Pick<ReadUser, 'user'>): boolean {
  return user?.role === 'admin' && user.pending !== true
}

/** Another administrator, where this one stops being one. */
async function witnessFor(people: People, seen: ReadUser): Promise<Witness | null> {
  if (!isAdmin(seen)) return null
  const other = (await allUsers(people)).find((each) => each.name !== seen.name && isAdmin(each))
  if (other !== undefined) return other
  throw new AccountProblem(
    'last-admin',
    `user ${quote(seen.name)} is the last administrator who can sign in; make somebody else an administrator first`,
  )
}

function validUser({ name, user }: ReadUser): User {
  if (user !== null) return user
  throw new AccountProblem(
    'user-invalid',
    `user ${quote(name)} is not valid as it stands; remove and add it again`,
  )
}

async function newPassword({ now }: People, password: string): Promise<Pick<User, 'password' | 'changedAt'>> {
  const problem = passwordProblem(password)
  if (problem !== null) throw new AccountProblem('bad-password', `the password ${problem}`)
  return { password: await hashPassword(password), changedAt: new Date(now()).toISOString() }
}

function given(invited: { readonly secret: string; readonly invitation: Invitation }): GivenInvitation {
  return { secret: invited.secret, expiresAt: invited.invitation.expiresAt }
}

function formatEnded(tokens: readonly string[]): string {
  return tokens.length === 0 ? '' : `; tokens ended: ${tokens.join(', ')}`
}
