"""Field tables of `court/platform`: keys are pinyin initials as court systems write them (domain.md §5.4)."""

from __future__ import annotations

RECORDS = """
[Evidence]
PZSM    Description
PZWS    Document                > DocumentRef
PZWZ    Location
[DocumentRef]
WSDM    DocumentType            code:document
WSMC    Name
WSZY    Digest                  id
FS      Copies                  count
YS      Pages                   count
YJWZ    OriginalLocation
[Material]
WSDM    DocumentType            code:document
WSMC    Name
FS      Copies                  count
YS      Pages                   count
WSZY    Digest                  id
[PartyAnswer]
DSRMC   PartyName
DFYJ    Answer                  code:answer
QD      Channel                 code:channel
DFSJ    At                      instant
PZ      Evidence                > Evidence
[OnBehalfOf]
BDRMC   PartyName*
QD      Channel                 code:channel
BLSJ    At                      instant
PZ      Evidence                > Evidence
[LegalRepresentative]
XM      Name
ZW      Post
ZJLX    CertType                code:cert-type
ZJHM    IdNumber                id
SJHM    Phone                   id
[ServiceConsent]
SFTY    Given                   flag
TYRQ    Date                    day
PZ      Evidence                > Evidence
[Agent]
XM      Name
DLRLX   Type                    code:agent-type
ZJLX    CertType                code:cert-type
ZJHM    IdNumber                id
ZJHMZT  IdNumberNote.State      code:id-state
ZJHMSM  IdNumberNote.Reason
ZYZH    LicenceNumber
SZDW    OrganisationName
SJHM    Phone                   id
DLQX    Authority               code:authority
SQSX    Power*
SQWTS   PowerOfAttorney         > DocumentRef
[Party]
SSDW    Role                    code:party-role
DSRLX   Type                    code:party-type
DSRMC   Name
ZJLX    CertType                code:cert-type
ZJHM    IdNumber                id
ZJHMZT  IdNumberNote.State      code:id-state
ZJHMSM  IdNumberNote.Reason
SHXYDM  CreditCode              id
XB      Sex                     code:sex
XBMC    Sex                     label:sex
CSRQ    BirthDate               day
MZ      Nation                  code:nation
ZY      Occupation
QH      Region                  id
DZ      Address
SDDZ    ServiceAddress
SJHM    Phone*                  joined
DZYX    Email
FDDBR   LegalRepresentative     > LegalRepresentative
HY      Industry
JJLX    EconomicType
QTBS    WorkerGroup*            code:worker-group
DZSD    ServiceConsent          > ServiceConsent
DLR     Agent*                  > Agent
[Mediator]
TJYBH   MediatorId
TJYXM   Name
TJYZH   CertificateNumber
SFZC    Presiding               flag
SJHM    Phone                   id
[Organisation]
ZZBM    OrganisationId
ZZMC    Name
SHXYDM  CreditCode              id
ZZLX    Type                    code:body-type
QH      Region                  id
DZ      Address
LXR     Contact
LXDH    Phone                   id
[Official]
XM      Name
GH      OfficialId
ZW      Post
LXDH    Phone                   id
[Claim]
QQNR    Text
SXDM    Matter                  code:matter
QQJE    Amount                  money
[Instalment]
QC      Number                  count
DQRQ    DueDate                 day
JE      Amount                  money
[Clause]
XH      Number                  count
YWR     Obligor
QLR     Obligee
SX      Item
SXDM    Matter                  code:matter
JE      Amount                  money
LXQX    DueDate                 day
FQ      Instalment*             > Instalment
LXFS    Mode
TKYW    Text
[Signatory]
XM      Name
SF      Role                    code:signatory-role
QSFS    Mode                    code:signature-mode
QSRQ    Date                    day
QSSJ    SignedAt                instant
SMJZY   ScanDigest              id
YJWZ    OriginalLocation
[Agreement]
XYBH    AgreementNumber
SXRQ    EffectiveDate           day
SXSJ    EffectiveAt             instant
ZCZZ    Organisation            > Organisation
TJY     Mediator*               > Mediator
AY      Cause                   cause:cause
AYMC    Cause                   label:cause
ZYSS    Facts
TK      Clause*                 > Clause
QSR     Signatory*              > Signatory
WZYSS   UndisputedFact*
HXXZ    FollowUp*               code:follow-up
XYWS    Document                > DocumentRef
[Head]
AH      CaseReference.CourtCaseNumber
AJBS    CaseReference.CaseMark  id
TJAH    CaseReference.PreMediationNumber
ZCAH    CaseReference.ArbitrationCaseNumber
ZCSCH   CaseReference.ArbitrationReviewNumber
GHDJH   CaseReference.UnionIntakeNumber
TJZZAH  CaseReference.MediationNumber
FLDJH   CaseReference.TriageNumber
XYBH    CaseReference.AgreementNumber
CDSBH   CaseReference.RulingNumber
ZFLBH   CaseReference.PaymentOrderNumber
ZXAH    CaseReference.EnforcementNumber
PTTYAH  CaseReference.UnifiedNumber
FLYJ    CaseReference.LegalBasis
SQYJ    CaseReference.LegalGround
TYPZH   CaseReference.ConsentRef
MJ      CaseReference.Classification  code:classification
DB      OnBehalfOf*             > OnBehalfOf
BZ      Note
"""
