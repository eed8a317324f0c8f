"""Field tables of `union/rest`: the review of an agreement by an arbitration institution."""

from __future__ import annotations

REVIEWS = """
[SupplementItem]
number                  Number                              count
documentType            DocumentType                        code:document
text                    Text
[NumberedText]
number                  Number                              count
text                    Text
document                Document                            > DocumentRef
[Service]
partyName               PartyName
method                  Method                              code:service-method
receivedAt              ReceivedAt                          instant
evidence                Evidence                            > Evidence
[arbitration.ReviewApply]
@Head
joint                   Joint                               flag
appliedOn               AppliedOn                           day
applicants              Applicant*                          > Party
agreement               Agreement                           > Agreement
matters                 Matter*                             code:matter
amount                  Amount                              money
notJudiciallyConfirmed  NotJudiciallyConfirmed              flag
signatories             Signatory*                          > Signatory
[arbitration.ReviewSupplement]
@Head
items                   Item*                               > SupplementItem
dueDate                 DueDate                             day
[arbitration.ReviewSupplementReply]
@Head
items                   Item*                               > NumberedText
suppliedOn              SuppliedOn                          day
[arbitration.ReviewAccept]
@Head
reviewNo                ArbitrationReviewNumber
arbitrator              Arbitrator                          > Official
acceptedOn              AcceptedOn                          day
[arbitration.ReviewRefuse]
@Head
reasonCode              Reason.Code                         code:review-refuse
reasonText              Reason.Text
decidedOn               DecidedOn                           day
remedy                  Remedy
[arbitration.ReviewVerify]
@Head
questions               Question*                           > NumberedText
dueDate                 DueDate                             day
[arbitration.ReviewVerifyReply]
@Head
replies                 Reply*                              > NumberedText
repliedOn               RepliedOn                           day
[arbitration.ReviewExtend]
@Head
approver                Approver                            > Official
newEndDate              NewEndDate                          day
approvedOn              ApprovedOn                          day
reasonCode              Reason.Code                         code:review-extension
reasonText              Reason.Text
[arbitration.ReviewWithdraw]
@Head
partyNames              Withdrawal.PartyName*
date                    Withdrawal.Date                     day
reasonCode              Withdrawal.Reason.Code              code:review-withdrawal
reasonText              Withdrawal.Reason.Text
[arbitration.ReviewStatement]
@Head
statementNo             StatementNumber
date                    Date                                day
statementAgreementNo    AgreementNumber
arbitrator              Arbitrator                          > Official
clauses                 Clause*                             > Clause
document                Document                            > DocumentRef
[arbitration.ReviewNotIssued]
@Head
reasonCode              Reason.Code                         code:not-issued
reasonText              Reason.Text
date                    Date                                day
noticeNo                NoticeNumber
[arbitration.ReviewServed]
@Head
statementNo             StatementNumber
services                Service*                            > Service
effectiveDate           EffectiveDate                       day
[arbitration.ReviewClose]
@Head
closeMode               CloseMode                           code:review-close
closedOn                ClosedOn                            day
archiveNo               ArchiveNumber
"""
