/** Bounce and notice of delay in Italian. */
import { failures, listed, says, wayOut } from './it-failures.js'
import { ended, gatewayFault, isOther, timesIn } from './grammar.js'
import { causeOf, demandOf, reasonOf, rulesIn } from './it-reasons.js'
import type { GatewayFailure, NoticeTexts } from './types.js'

/** So many recipients are named in the first sentence. */
const NAMED = 3

/** The Italian texts. */
export const it: NoticeTexts & { readonly language: 'it' } = {
  language: 'it',
  labels: {
    from: 'Sistema di consegna della posta',
    advice: 'Che cosa fare ora',
    tell: 'Che cosa può comunicare al destinatario',
    contact: 'A chi rivolgersi:',
    link: 'Maggiori informazioni sulla posta crittografata:',
    reason: 'Perché',
    message: 'Di quale messaggio si tratta',
    to: 'A:',
    subject: 'Oggetto:',
    dated: 'Inviato:',
    messageId: 'Message-ID:',
    code: 'Codice:',
    tried: 'Che cosa è stato tentato',
  },
  title: (fate, problem) =>
    fate === 'delayed'
      ? 'Il Suo messaggio è in ritardo'
      : isOther(problem)
        ? 'Il Suo messaggio non è stato consegnato'
        : 'Il Suo messaggio non è stato inviato',
  subjectLine: ({ fate, problem, domain, several }) => {
    const isDelayed = fate === 'delayed'
    const yet = isDelayed ? ' ancora' : ''
    const what = isDelayed ? 'In ritardo' : isOther(problem) ? 'Non consegnato' : 'Non inviato'
    switch (problem) {
      case 'encryption':
        return `${what}: ${domain} non può${yet} ricevere il Suo messaggio in forma crittografata`
      case 'certificate':
        return several
          ? `${what}: non è${yet} stato possibile verificare i certificati dei server di posta di ${domain}`
          : `${what}: non è${yet} stato possibile verificare il certificato del server di posta di ${domain}`
      case 'server':
      case 'look-up':
        return `${what}: non è${yet} stato possibile verificare il server di posta di ${domain}`
      case 'mixed':
        return `${what}: non è${yet} stato possibile raggiungere ${domain} con la sicurezza richiesta`
      case 'ours':
        return `${what}: questo sistema di posta non può${yet} inviare a ${domain} come richiesto`
      case 'gateway':
      case 'rejected':
      case 'given-up':
      case 'other':
        return `${what}: il Suo messaggio a ${domain}`
    }
  },
  result: (result) => {
    const { fate, problem, recipients } = result
    const became =
      fate === 'delayed'
        ? 'è in ritardo'
        : isOther(problem)
          ? 'non è stato consegnato'
          : 'non è stato inviato'
    const message = `Il Suo messaggio a ${listed(recipients, NAMED)} ${became}`
    const because = causeOf(result)
    const sentence = because === '' ? `${message}.` : `${message}, perché ${because}.`
    return result.gateway === 'instead'
      ? `${sentence} Non è stato possibile neppure inviarlo tramite un gateway.`
      : sentence
  },
  side: (side, fate, domain) => {
    const passes = fate === 'delayed' ? 'Se il problema non si risolve da solo, ' : ''
    switch (side) {
      case 'theirs':
        return capital(`${passes}spetta a chi gestisce la posta di ${domain} porvi rimedio.`)
      case 'ours':
        return capital(`${passes}spetta a chi gestisce la Sua posta porvi rimedio.`)
      case 'either':
        return capital(
          `${passes}spetta a chi gestisce la Sua posta stabilire da quale parte sia il problema.`,
        )
      case 'both':
        return capital(
          `${passes}sia chi gestisce la Sua posta sia chi gestisce quella di ${domain} hanno qualcosa da correggere.`,
        )
      case 'sender':
        return 'Il passo successivo spetta a Lei.'
    }
  },
  reason: reasonOf,
  demand: demandOf,
  triedOften: 'Sono stati fatti più tentativi.',
  givenUp: 'In seguito un amministratore di posta ha messo fine ai tentativi.',
  givenUpReason: (reason) => `Il messaggio era in attesa di essere inviato: ${ended(reason)}`,
  givenUpAdvice: 'Si rivolga al Suo amministratore di posta prima di inviare di nuovo il messaggio.',
  otherReason: (reason, gateway) =>
    gateway
      ? `Motivo indicato da ${gateway.host}, il gateway «${gateway.name}» tramite il quale è stato inviato: ${ended(reason)}`
      : `Motivo indicato: ${ended(reason)}`,
  discreetReason: (codes) =>
    codes.length > 0
      ? `il server ricevente ha risposto ${listed(codes)}; il suo testo è omesso, perché questo avviso può viaggiare senza crittografia`
      : 'la sessione con il server ricevente non è riuscita; il suo testo è omesso, perché questo avviso può viaggiare senza crittografia',
  answered: (answers) => `ha risposto ${listed(answers)}`,
  otherAdvice:
    'Controlli l’indirizzo e il motivo indicato dal server ricevente. Se entrambi sembrano corretti, si rivolga al Suo amministratore di posta.',
  delayAdvice: (until) =>
    `Per ora nulla: non invii di nuovo il messaggio. I tentativi proseguono fino a questo termine: ${until}; se entro allora l’invio non riesce, riceverà un altro avviso. ` +
    'Se è urgente, contatti il destinatario in un altro modo, per esempio per telefono.',
  whatTlsIs:
    'TLS è la crittografia che protegge un messaggio nel percorso da un server di posta al successivo.',
  whatPublishingIs:
    'È utile solo se il server è quello giusto; perciò i domini possono pubblicare come riconoscere il proprio: nel DNS (DANE) o in una policy su un server web (MTA-STS).',
  whatLookingUpIs:
    'È utile solo se il server è quello giusto. Quale sia lo dice l’elenco degli indirizzi di Internet (DNS), che non ha dato alcuna risposta affidabile.',
  whatAGatewayIs:
    'Un gateway è un server di posta che inoltra i messaggi. Questo riceve messaggi solo tramite una connessione crittografata, e solo dopo aver dimostrato la propria identità.',
  failed: (failure, host) => `${host} ${says[failure]}.`,
  failures,
  wayOut,
  gatewayInstead: (gateway) =>
    `In alternativa il messaggio doveva passare per il gateway ${placeOf(gateway)}, che ${says[gatewayFault(gateway.failure)]}${detailOf(gateway)}.`,
  gatewayOnly: (gateway) => {
    const { rules } = gateway
    const place = `${placeOf(gateway)}${detailOf(gateway)}.`
    if (rules.length === 0) return `Il gateway è ${place}`
    return rules.length > 1
      ? `Le regole ${rulesIn(rules)} inviano il messaggio tramite il gateway ${place}`
      : `La regola ${rulesIn(rules)} invia il messaggio tramite il gateway ${place}`
  },
  unconfirmed: {
    subjectLine: (domain) => `Non confermato: il Suo messaggio a ${domain}`,
    title: 'Il Suo messaggio potrebbe essere stato consegnato',
    result: (recipients) =>
      `Il Suo messaggio a ${listed(recipients, NAMED)} potrebbe essere stato consegnato: il server ricevente non lo ha confermato.`,
    reason:
      'L’intero messaggio è stato inviato a un server ricevente, che non ha risposto. Non si sa quindi se lo abbia accettato.',
    advice: 'Chieda al destinatario se il messaggio è arrivato prima di inviarlo di nuovo.',
  },
  failedAtOnward: (hosts) =>
    `La consegna non è riuscita proprio al comando che lo richiede a ${listed(hosts)} (MAIL con REQUIRETLS); non si sa se sia questa la causa.`,
  ask: ({ me, domain, sentences }) =>
    [
      `Per chi gestisce la vostra posta: il nostro server di posta ${me} non ha potuto consegnare a ${domain} un messaggio che deve viaggiare su TLS.`,
      ...sentences,
    ].join(' '),
  withheld: 'non mostrato, perché questo avviso può viaggiare senza crittografia',
  unknown: 'non noto',
  none: 'nessuna',
  writtenBy: (me) => `Questo avviso è stato scritto dal sistema di posta di ${me}.`,
  time: timesIn('it', 'long'),
}

function placeOf({ name, host }: GatewayFailure): string {
  return host === name ? `«${name}»` : `«${name}» (${host})`
}

/** It is of the log's language, English, or that of a server. */
function detailOf({ detail }: GatewayFailure): string {
  return detail === '' ? '' : `. Dettaglio tecnico: ${detail.replace(/\.$/, '')}`
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
