"""Field tables of `union/rest`, records and mediation messages: camelCase names of a station's system."""

from __future__ import annotations

RECORDS = """
[Evidence]
description             Description
document                Document                            > DocumentRef
location                Location
[DocumentRef]
documentType            DocumentType                        code:document
name                    Name
digest                  Digest                              id
copies                  Copies                              count
pages                   Pages                               count
originalLocation        OriginalLocation
[Material]
documentType            DocumentType                        code:document
name                    Name
copies                  Copies                              count
pages                   Pages                               count
digest                  Digest                              id
[PartyAnswer]
partyName               PartyName
answer                  Answer                              code:answer
channel                 Channel                             code:channel
at                      At                                  instant
evidence                Evidence                            > Evidence
[OnBehalfOf]
partyNames              PartyName*
channel                 Channel                             code:channel
at                      At                                  instant
evidence                Evidence                            > Evidence
[LegalRepresentative]
name                    Name
post                    Post
certType                CertType                            code:cert-type
idNo                    IdNumber                            id
phone                   Phone                               id
[ServiceConsent]
given                   Given                               flag
date                    Date                                day
evidence                Evidence                            > Evidence
[Agent]
name                    Name
type                    Type                                code:agent-type
certType                CertType                            code:cert-type
idNo                    IdNumber                            id
idNumberState           IdNumberNote.State                  code:id-state
idNumberReason          IdNumberNote.Reason
licenceNo               LicenceNumber
organisationName        OrganisationName
phone                   Phone                               id
authority               Authority                           code:authority
powers                  Power*
powerOfAttorney         PowerOfAttorney                     > DocumentRef
[Party]
role                    Role                                code:party-role
type                    Type                                code:party-type
name                    Name
certType                CertType                            code:cert-type
idNo                    IdNumber                            id
idNumberState           IdNumberNote.State                  code:id-state
idNumberReason          IdNumberNote.Reason
creditCode              CreditCode                          id
sex                     Sex                                 code:sex
sexName                 Sex                                 label:sex
birthDate               BirthDate                           day
nation                  Nation                              code:nation
occupation              Occupation
region                  Region                              id
address                 Address
serviceAddress          ServiceAddress
phone                   Phone*                              joined
email                   Email
legalRepresentative     LegalRepresentative                 > LegalRepresentative
industry                Industry
economicType            EconomicType
workerGroups            WorkerGroup*                        code:worker-group
serviceConsent          ServiceConsent                      > ServiceConsent
agents                  Agent*                              > Agent
[Mediator]
mediatorId              MediatorId
name                    Name
certificateNo           CertificateNumber
presiding               Presiding                           flag
phone                   Phone                               id
[Organisation]
organisationId          OrganisationId
name                    Name
creditCode              CreditCode                          id
type                    Type                                code:body-type
region                  Region                              id
address                 Address
contact                 Contact
phone                   Phone                               id
[Official]
name                    Name
officialId              OfficialId
post                    Post
phone                   Phone                               id
[Claim]
text                    Text
matter                  Matter                              code:matter
amount                  Amount                              money
[Instalment]
number                  Number                              count
dueDate                 DueDate                             day
amount                  Amount                              money
[Clause]
number                  Number                              count
obligor                 Obligor
obligee                 Obligee
item                    Item
matter                  Matter                              code:matter
amount                  Amount                              money
dueDate                 DueDate                             day
instalments             Instalment*                         > Instalment
mode                    Mode
text                    Text
[Signatory]
name                    Name
role                    Role                                code:signatory-role
mode                    Mode                                code:signature-mode
date                    Date                                day
signedAt                SignedAt                            instant
scanDigest              ScanDigest                          id
originalLocation        OriginalLocation
[Agreement]
agreementNo             AgreementNumber
effectiveDate           EffectiveDate                       day
effectiveAt             EffectiveAt                         instant
organisation            Organisation                        > Organisation
mediators               Mediator*                           > Mediator
disputeType             Cause                               cause:disputeType
disputeTypeName         Cause                               label:disputeType
facts                   Facts
clauses                 Clause*                             > Clause
signatories             Signatory*                          > Signatory
undisputedFacts         UndisputedFact*
followUps               FollowUp*                           code:follow-up
document                Document                            > DocumentRef
[Head]
courtCaseNo             CaseReference.CourtCaseNumber
caseMark                CaseReference.CaseMark              id
preMediationNo          CaseReference.PreMediationNumber
arbitrationCaseNo       CaseReference.ArbitrationCaseNumber
arbitrationReviewNo     CaseReference.ArbitrationReviewNumber
intakeNo                CaseReference.UnionIntakeNumber
mediationNo             CaseReference.MediationNumber
triageNo                CaseReference.TriageNumber
agreementNo             CaseReference.AgreementNumber
rulingNo                CaseReference.RulingNumber
paymentOrderNo          CaseReference.PaymentOrderNumber
enforcementNo           CaseReference.EnforcementNumber
unifiedNo               CaseReference.UnifiedNumber
legalBasis              CaseReference.LegalBasis
legalGround             CaseReference.LegalGround
consentRef              CaseReference.ConsentRef
classification          CaseReference.Classification        code:classification
onBehalfOf              OnBehalfOf*                         > OnBehalfOf
note                    Note
"""
