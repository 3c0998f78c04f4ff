import { expect, test } from '@jest/globals'
import { parseCwt } from '../../../core/cose/cwt.ts'
import { sign1Message } from '../../../core/cose/sign1.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { fromHex } from '../../../core/encoding/bytes.ts'
import { decodeCbor } from '../../../core/encoding/strictCbor.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { thrownCode } from '../../support/thrownCode.ts'

test('RFC 8392 A.3: the signed CWT has our Sig_structure and claim labels, and is not of our form', () => {
  const signed = fromHex(
    'd28443a10126a104524173796d6d657472696345434453413235365850a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b7158405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30',
  )
  const [header, , payload, signature] = decodeCbor(signed.subarray(1)) as [Uint8Array, unknown, Uint8Array, Uint8Array]
  const key = {
    kty: 'EC',
    crv: 'P-256',
    x: encodeBase64url(fromHex('143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f')),
    y: encodeBase64url(fromHex('60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9')),
  } as const
  expect(nodeCrypto.verifyEs256(key, sign1Message(header, payload), signature)).toBe(true)
  const set = decodeCbor(payload) as Map<number, unknown>
  expect([set.get(1), set.get(4), set.get(6)]).toEqual(['coap://as.example.com', 1444064944, 1443944944])
  expect(thrownCode(() => parseCwt(payload))).toBe('format.claims')
})
