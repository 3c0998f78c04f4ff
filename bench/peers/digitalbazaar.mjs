// @digitalbazaar/vc with an ecdsa-rdfc-2019 Data Integrity proof over the claims of the reference card.
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey'
import { cryptosuite } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite'
import * as vc from '@digitalbazaar/vc'

/** Issues and verifies one Verifiable Credential 2.0 of these claims (name to text); `verify` throws unless it verifies. */
export async function verifiableCredentialPeer(claims) {
  const issuer = 'did:web:the.moha.gov.vn'
  const keyPair = await EcdsaMultikey.generate({ curve: 'P-256', id: `${issuer}#key`, controller: issuer })
  const vocabulary = 'https://the.moha.gov.vn/context/1'
  const documents = new Map([
    [vocabulary, { '@context': Object.fromEntries(Object.keys(claims).map(name => [name, `${vocabulary}#${name}`])) }],
    [issuer, { '@context': 'https://www.w3.org/ns/did/v1', id: issuer, assertionMethod: [keyPair.id] }],
    [keyPair.id, await keyPair.export({ publicKey: true, includeContext: true })],
  ])
  const documentLoader = async url =>
    documents.has(url) ? { contextUrl: null, documentUrl: url, document: documents.get(url) } : vc.defaultDocumentLoader(url)
  const credential = {
    '@context': ['https://www.w3.org/ns/credentials/v2', vocabulary],
    type: ['VerifiableCredential'],
    issuer,
    credentialSubject: claims,
  }
  const suite = new DataIntegrityProof({ signer: keyPair.signer(), cryptosuite })
  const checking = new DataIntegrityProof({ cryptosuite })
  return {
    issue: () => vc.issue({ credential: structuredClone(credential), suite, documentLoader }),
    async verify(signed) {
      const result = await vc.verifyCredential({ credential: signed, suite: checking, documentLoader })
      if (!result.verified) throw result.error
    },
  }
}
