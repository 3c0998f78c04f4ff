// TradeTrust (OpenAttestation 2.0): wrapping hashes every field, a DID's key signs the Merkle root; checked with tt-verify, DID document at hand.
import tradetrust from '@tradetrust-tt/tradetrust'
import ttVerify from '@tradetrust-tt/tt-verify'
import { Wallet } from 'ethers'

const { signDocument, SUPPORTED_SIGNING_ALGORITHM, verifySignature, wrapDocument, wrapDocuments } = tradetrust

/** Signs and verifies documents of these claims (name to text), or wraps a batch, whose Merkle proofs are the receipts. `verify` throws. */
export function tradeTrustPeer(claims) {
  const { address, privateKey } = Wallet.createRandom()
  const did = `did:ethr:${address}`
  const key = { public: `${did}#controller`, private: privateKey }
  const verificationMethod = {
    id: key.public,
    type: 'EcdsaSecp256k1RecoveryMethod2020',
    controller: did,
    blockchainAccountId: `${address}@eip155:1`,
  }
  const resolver = { resolve: async () => ({ didDocument: { id: did, verificationMethod: [verificationMethod] } }) }
  const identityProof = { type: 'DID', key: key.public }
  const document = { ...claims, issuers: [{ id: did, name: 'Bộ Nội vụ', revocation: { type: 'NONE' }, identityProof }] }
  return {
    wrapBatch: count => wrapDocuments(Array.from({ length: count }, (_, at) => ({ ...document, id: `A${at}` }))),
    issue: () => signDocument(wrapDocument(document), SUPPORTED_SIGNING_ALGORITHM.Secp256k1VerificationKey2018, key),
    async verify(signed) {
      if (!verifySignature(signed)) throw new Error('The hashes do not match')
      const [{ signature }] = signed.proof
      const merkleRoot = `0x${signed.signature.merkleRoot}`
      const { verified } = await ttVerify.verifySignature({ key: key.public, merkleRoot, signature, did, resolver })
      if (!verified) throw new Error('The signature does not match')
    },
  }
}
