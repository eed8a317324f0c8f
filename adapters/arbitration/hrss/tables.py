"""Field tables of `arbitration/hrss`.

Tags of the 金保 family where one is known (AAC003, AAB004 …, domain.md §5.4), the profile's own BZ… and BY… else.
"""

from __future__ import annotations

RECORDS = """
[Evidence]
BZA001    Description
BZA002    Document                                > DocumentRef
BZA003    Location
[DocumentRef]
BZB001    DocumentType                            code:document
BZB002    Name
BZB003    Digest                                  id
BZB004    Copies                                  count
BZB005    Pages                                   count
BZB006    OriginalLocation
[PartyAnswer]
BZC001    PartyName
BZC002    Answer                                  code:answer
BZC003    Channel                                 code:channel
BZC004    At                                      instant
BZC005    Evidence                                > Evidence
[OnBehalfOf]
BZD001    PartyName*
BZD002    Channel                                 code:channel
BZD003    At                                      instant
BZD004    Evidence                                > Evidence
[LegalRepresentative]
AAC003    Name
BZE001    Post
AAC058    CertType                                code:cert-type
AAC147    IdNumber                                id
AAE005    Phone                                   id
[ServiceConsent]
BZF001    Given                                   flag
BZF002    Date                                    day
BZF003    Evidence                                > Evidence
[Agent]
AAC003    Name
BZG001    Type                                    code:agent-type
AAC058    CertType                                code:cert-type
AAC147    IdNumber                                id
BZG002    IdNumberNote.State                      code:id-state
BZG003    IdNumberNote.Reason
BZG004    LicenceNumber
BZG005    OrganisationName
AAE005    Phone                                   id
BZG006    Authority                               code:authority
BZG007    Power*
BZG008    PowerOfAttorney                         > DocumentRef
[Party]
BAC021    Role                                    code:party-role
AAB019    Type                                    code:party-type
AAC003    Name
AAC058    CertType                                code:cert-type
AAC147    IdNumber                                id
BZH001    IdNumberNote.State                      code:id-state
BZH002    IdNumberNote.Reason
AAB003    CreditCode                              id
AAC004    Sex                                     code:sex
AAC006    BirthDate                               day
AAC005    Nation                                  code:nation
BZH003    Occupation
AAB301    Region                                  id
AAE006    Address
BZH004    ServiceAddress
AAE005    Phone*                                  joined
AAE159    Email
AAB013    LegalRepresentative                     > LegalRepresentative
AAB022    Industry
AAB020    EconomicType
BZH005    WorkerGroup*                            code:worker-group
BZH006    ServiceConsent                          > ServiceConsent
AAE004    Agent*                                  > Agent
[Mediator]
BZI001    MediatorId
AAC003    Name
BZI002    CertificateNumber
BZI003    Presiding                               flag
AAE005    Phone                                   id
[Organisation]
AAB001    OrganisationId
AAB004    Name
AAB003    CreditCode                              id
AAB019    Type                                    code:body-type
AAB301    Region                                  id
AAE006    Address
AAE004    Contact
AAE005    Phone                                   id
[Official]
AAE011    Name
AAE012    OfficialId
BZK001    Post
AAE005    Phone                                   id
[Instalment]
BZL001    Number                                  count
BZL002    DueDate                                 day
BZL003    Amount                                  money
[Clause]
BZM001    Number                                  count
BZM002    Obligor
BZM003    Obligee
BZM004    Item
BZM005    Matter                                  code:matter
BZM006    Amount                                  money
BZM007    DueDate                                 day
BZM008    Instalment*                             > Instalment
BZM009    Mode
BZM010    Text
[Signatory]
AAC003    Name
BZN001    Role                                    code:signatory-role
BZN002    Mode                                    code:signature-mode
BZN003    Date                                    day
BZN004    SignedAt                                instant
BZN005    ScanDigest                              id
BZN006    OriginalLocation
[Agreement]
BZO001    AgreementNumber
BZO002    EffectiveDate                           day
BZO003    EffectiveAt                             instant
BZO004    Organisation                            > Organisation
BZO005    Mediator*                               > Mediator
BZO006    Cause                                   cause:cause
BZO007    Cause                                   label:cause
BZO008    Facts
BZO009    Clause*                                 > Clause
BZO010    Signatory*                              > Signatory
BZO011    UndisputedFact*
BZO012    FollowUp*                               code:follow-up
BZO013    Document                                > DocumentRef
[Head]
BZP001    CaseReference.CourtCaseNumber
BZP002    CaseReference.CaseMark                  id
BZP003    CaseReference.PreMediationNumber
BZP004    CaseReference.ArbitrationCaseNumber
BZP005    CaseReference.ArbitrationReviewNumber
BZP006    CaseReference.UnionIntakeNumber
BZP007    CaseReference.MediationNumber
BZP008    CaseReference.TriageNumber
BZP009    CaseReference.AgreementNumber
BZP010    CaseReference.RulingNumber
BZP011    CaseReference.PaymentOrderNumber
BZP012    CaseReference.EnforcementNumber
BZP013    CaseReference.UnifiedNumber
BZP014    CaseReference.LegalBasis
BZP015    CaseReference.LegalGround
BZP016    CaseReference.ConsentRef
BZP017    CaseReference.Classification            code:classification
BZP018    OnBehalfOf*                             > OnBehalfOf
AAE013    Note
"""

MESSAGES = """
[common.DeadlineExpired]
@Head
BZQ001    Timer
BZQ002    Item
BZQ003    StartStep
BZQ004    Due                                     instant
BZQ005    Source
BZQ006    CalendarVersion
[SupplementItem]
BZR001    Number                                  count
BZR002    DocumentType                            code:document
BZR003    Text
[NumberedText]
BZS001    Number                                  count
BZS002    Text
BZS003    Document                                > DocumentRef
[Service]
BZT001    PartyName
BZT002    Method                                  code:service-method
BZT003    ReceivedAt                              instant
BZT004    Evidence                                > Evidence
[arbitration.ReviewApply]
@Head
BZU001    Joint                                   flag
BZU002    AppliedOn                               day
BZU003    Applicant*                              > Party
BZU004    Agreement                               > Agreement
BZU005    Matter*                                 code:matter
BZU006    Amount                                  money
BZU007    NotJudiciallyConfirmed                  flag
BZU008    Signatory*                              > Signatory
[arbitration.ReviewSupplement]
@Head
BZV001    Item*                                   > SupplementItem
BZV002    DueDate                                 day
[arbitration.ReviewSupplementReply]
@Head
BZW001    Item*                                   > NumberedText
BZW002    SuppliedOn                              day
[arbitration.ReviewAccept]
@Head
BZX001    ArbitrationReviewNumber
BZX002    Arbitrator                              > Official
BZX003    AcceptedOn                              day
[arbitration.ReviewRefuse]
@Head
BZY001    Reason.Code                             code:review-refuse
BZY002    Reason.Text
BZY003    DecidedOn                               day
BZY004    Remedy
[arbitration.ReviewVerify]
@Head
BZZ001    Question*                               > NumberedText
BZZ002    DueDate                                 day
[arbitration.ReviewVerifyReply]
@Head
BYA001    Reply*                                  > NumberedText
BYA002    RepliedOn                               day
[arbitration.ReviewExtend]
@Head
BYB001    Approver                                > Official
BYB002    NewEndDate                              day
BYB003    ApprovedOn                              day
BYB004    Reason.Code                             code:review-extension
BYB005    Reason.Text
[arbitration.ReviewWithdraw]
@Head
BYC001    Withdrawal.PartyName*
BYC002    Withdrawal.Date                         day
BYC003    Withdrawal.Reason.Code                  code:review-withdrawal
BYC004    Withdrawal.Reason.Text
[arbitration.ReviewStatement]
@Head
BYD001    StatementNumber
BYD002    Date                                    day
BYD003    AgreementNumber
BYD004    Arbitrator                              > Official
BYD005    Clause*                                 > Clause
BYD006    Document                                > DocumentRef
[arbitration.ReviewNotIssued]
@Head
BYE001    Reason.Code                             code:not-issued
BYE002    Reason.Text
BYE003    Date                                    day
BYE004    NoticeNumber
[arbitration.ReviewServed]
@Head
BYF001    StatementNumber
BYF002    Service*                                > Service
BYF003    EffectiveDate                           day
[arbitration.ReviewClose]
@Head
BYG001    CloseMode                               code:review-close
BYG002    ClosedOn                                day
BYG003    ArchiveNumber
"""
