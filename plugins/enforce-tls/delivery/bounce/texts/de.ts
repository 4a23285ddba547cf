/** Bounce and notice of delay in German. */
import { failures, listed, says, wayOut } from './de-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import { causeOf, demandOf, reasonOf, rulesIn } from './de-reasons.js'
import type { GatewayFailure, NoticeTexts } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** The German texts. */
export const de: NoticeTexts & { readonly language: 'de' } = {
  language: 'de',
  labels: {
    from: 'Mail-Zustellsystem',
    advice: 'Was jetzt zu tun ist',
    tell: 'Was Sie weitergeben können',
    contact: 'Kontakt bei Fragen:',
    link: 'Mehr über verschlüsselte E-Mails:',
    reason: 'Warum',
    message: 'Um welche Nachricht es geht',
    to: 'An:',
    subject: 'Betreff:',
    dated: 'Gesendet:',
    messageId: 'Message-ID:',
    code: 'Code:',
    tried: 'Was versucht wurde',
  },
  title: (fate, problem) =>
    fate === 'delayed'
      ? 'Ihre Nachricht verzögert sich'
      : isOther(problem)
        ? 'Ihre Nachricht wurde nicht zugestellt'
        : 'Ihre Nachricht wurde nicht gesendet',
  subjectLine: ({ fate, problem, domain, several }) => {
    const isDelayed = fate === 'delayed'
    const not = isDelayed ? 'noch nicht' : 'nicht'
    const what = isDelayed ? 'Verzögert' : isOther(problem) ? 'Nicht zugestellt' : 'Nicht gesendet'
    switch (problem) {
      case 'encryption':
        return `${what}: ${domain} kann Ihre Nachricht ${not} verschlüsselt empfangen`
      case 'certificate':
        return several
          ? `${what}: Die Zertifikate der Mailserver von ${domain} konnten ${not} überprüft werden`
          : `${what}: Das Zertifikat des Mailservers von ${domain} konnte ${not} überprüft werden`
      case 'server':
      case 'look-up':
        return `${what}: Der Mailserver von ${domain} konnte ${not} überprüft werden`
      case 'mixed':
        return `${what}: ${domain} konnte ${not} so sicher erreicht werden wie gefordert`
      case 'ours':
        return `${what}: Dieses Mailsystem kann ${not} wie gefordert an ${domain} senden`
      case 'gateway':
      case 'rejected':
      case 'given-up':
      case 'other':
        return `${what}: Ihre Nachricht an ${domain}`
    }
  },
  result: (result) => {
    const { fate, problem, recipients } = result
    const became =
      fate === 'delayed'
        ? 'verzögert sich'
        : isOther(problem)
          ? 'wurde nicht zugestellt'
          : 'wurde nicht gesendet'
    const message = `Ihre Nachricht an ${listed(recipients, NAMED)} ${became}`
    const because = causeOf(result)
    const sentence = because === '' ? `${message}.` : `${message}, weil ${because}.`
    return result.gateway === 'instead'
      ? `${sentence} Auch über ein Gateway konnte sie nicht gesendet werden.`
      : sentence
  },
  side: (side, fate, domain) => {
    if (side === 'sender') return 'Der nächste Schritt liegt bei Ihnen.'
    const [verb, who, what] = actionOf(side, domain)
    return fate === 'delayed'
      ? `Wenn sich das Problem nicht von selbst löst, ${verb} ${who} ${what}.`
      : `${capital(who)} ${verb} ${what}.`
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'Es wurde mehrmals versucht.',
  givenUp: 'Danach hat die Mail-Administration die Zustellversuche beendet.',
  givenUpReason: (reason) => `Die Nachricht wartete auf den Versand: ${ended(reason)}`,
  givenUpAdvice: 'Fragen Sie Ihre Mail-Administration, bevor Sie die Nachricht noch einmal senden.',
  otherReason: (reason, gateway) =>
    gateway
      ? `Grund laut ${gateway.host}, dem Gateway „${gateway.name}“, über das sie gesendet wurde: ${ended(reason)}`
      : `Der angegebene Grund: ${ended(reason)}`,
  discreetReason: (codes) =>
    codes.length > 0
      ? `Der empfangende Server antwortete ${listed(codes)}; sein Text ist weggelassen, weil diese Mitteilung unverschlüsselt übertragen werden kann`
      : 'Die Sitzung mit dem empfangenden Server ist gescheitert; sein Text ist weggelassen, weil diese Mitteilung unverschlüsselt übertragen werden kann',
  answered: (answers) => `antwortete ${listed(answers)}`,
  otherAdvice:
    'Prüfen Sie die Adresse und den Grund, den der empfangende Server angegeben hat. Wenn beides richtig aussieht, fragen Sie Ihre Mail-Administration.',
  delayAdvice: (until) =>
    `Vorerst nichts: Senden Sie die Nachricht nicht noch einmal. Die Zustellung wird bis zum ${until} weiter versucht; gelingt sie bis dahin nicht, erhalten Sie eine weitere Mitteilung. ` +
    'Wenn es eilt, wenden Sie sich auf anderem Weg an den Empfänger, zum Beispiel telefonisch.',
  whatTlsIs:
    'TLS ist die Verschlüsselung, die eine Nachricht auf dem Weg von einem Mailserver zum nächsten schützt.',
  whatPublishingIs:
    'Sie hilft nur, wenn das der richtige Server ist. Deshalb können Domains veröffentlichen, woran ihr Server zu erkennen ist: im DNS (DANE) oder in einer Richtlinie auf einem Webserver (MTA-STS).',
  whatLookingUpIs:
    'Sie hilft nur, wenn das der richtige Server ist. Welcher das ist, sagt das Verzeichnis des Internets (DNS), und von dort kam keine vertrauenswürdige Antwort.',
  whatAGatewayIs:
    'Ein Gateway ist ein Mailserver, der Nachrichten weiterleitet. Dieses erhält Nachrichten nur über eine verschlüsselte Verbindung und erst, nachdem es nachgewiesen hat, wer es ist.',
  failed: (failure, host) => `${host} ${says[failure]}.`,
  failures,
  wayOut,
  gatewayInstead: (gateway) =>
    `Stattdessen sollte die Nachricht über das Gateway ${placeOf(gateway)} gehen; es ${says[gatewayFault(gateway.failure)]}${detailOf(gateway)}.`,
  gatewayOnly: (gateway) => {
    const { rules } = gateway
    const place = `${placeOf(gateway)}${detailOf(gateway)}.`
    if (rules.length === 0) return `Das Gateway ist ${place}`
    return rules.length > 1
      ? `Die Regeln ${rulesIn(rules)} senden die Nachricht über das Gateway ${place}`
      : `Die Regel ${rulesIn(rules)} sendet die Nachricht über das Gateway ${place}`
  },
  unconfirmed: {
    subjectLine: (domain) => `Nicht bestätigt: Ihre Nachricht an ${domain}`,
    title: 'Ihre Nachricht wurde möglicherweise zugestellt',
    result: (recipients) =>
      `Ihre Nachricht an ${listed(recipients, NAMED)} wurde möglicherweise zugestellt: Der empfangende Server hat sie nicht bestätigt.`,
    reason:
      'Die ganze Nachricht wurde an einen empfangenden Server gesendet, und er hat nicht geantwortet. Ob er sie angenommen hat, ist daher nicht bekannt.',
    advice: 'Fragen Sie den Empfänger, ob die Nachricht angekommen ist, bevor Sie sie noch einmal senden.',
  },
  failedAtOnward: (hosts) =>
    `Die Zustellung scheiterte genau bei dem Befehl an ${listed(hosts)}, der darum bittet (MAIL mit REQUIRETLS); ob das der Grund ist, ist nicht bekannt.`,
  ask: ({ me, domain, sentences }) =>
    [
      `Bitte an Ihre Mail-Administration weitergeben: Unser Mailserver ${me} konnte an ${domain} keine E-Mail zustellen, die über TLS übertragen werden muss.`,
      ...sentences,
    ].join(' '),
  withheld: 'nicht angezeigt, weil diese Mitteilung unverschlüsselt übertragen werden kann',
  unknown: 'unbekannt',
  none: 'keine',
  writtenBy: (me) => `Diese Mitteilung stammt vom Mailsystem von ${me}.`,
  time: timesIn('de', 'long'),
}

/** Verb, who, and what: the verb comes first behind a condition. */
function actionOf(side: 'theirs' | 'ours' | 'either' | 'both', domain: string): [string, string, string] {
  switch (side) {
    case 'theirs':
      return ['muss', `die Mail-Administration von ${domain}`, 'das beheben']
    case 'ours':
      return ['muss', 'Ihre eigene Mail-Administration', 'das beheben']
    case 'either':
      return ['muss', 'Ihre eigene Mail-Administration', 'herausfinden, auf welcher Seite der Fehler liegt']
    case 'both':
      return ['müssen', `Ihre eigene Mail-Administration und die von ${domain}`, 'jeweils etwas beheben']
  }
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? `„${name}“` : `„${name}“ (${host})`
}

/** It is of the log's language, English, or that of a server. */
function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `. Technische Angabe: ${detail.replace(/\.$/, '')}`
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
