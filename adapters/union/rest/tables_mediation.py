"""Field tables of `union/rest`: designated mediation and its sessions."""

from __future__ import annotations

MESSAGES = """
[mediation.DesignationRequest]
@Head
courtCode               Intake.CourtCode                    id
courtName               Intake.CourtName
courtIntakeNo           Intake.IntakeNumber
intakeDate              Intake.Date                         day
channel                 Intake.Channel                      code:channel
disputeType             Intake.Cause                        cause:disputeType
disputeTypeName         Intake.Cause                        label:disputeType
nature                  Intake.Nature                       code:nature
amount                  Intake.Amount                       money
claims                  Intake.Claim*                       > Claim
facts                   Intake.Facts
groupSize               Intake.GroupSize                    count
parties                 Party*                              > Party
consents                Consent*                            > PartyAnswer
selectedBy              Selection.SelectedBy                code:selected-by
selectedOrganisation    Selection.OrganisationId
selectedMediators       Selection.MediatorId*
selectionDate           Selection.Date                      day
designationType         Designation.Type                    code:designation-type
organisation            Designation.Organisation            > Organisation
mediators               Designation.Mediator*               > Mediator
termStart               Designation.TermStart               code:term-start
termDays                Designation.TermDays                count
materials               Designation.Material*               > Material
contactJudge            Designation.ContactJudge            > Official
privacy                 Designation.Privacy                 code:classification
[mediation.DesignationAccept]
@Head
acceptedAt              AcceptedAt                          instant
mediators               Mediator*                           > Mediator
acceptance              Acceptance                          > Signatory
termEnd                 TermEnd                             day
contact                 Contact                             > Official
[mediation.DesignationReject]
@Head
decidedAt               DecidedAt                           instant
reasonCode              Reason.Code                         code:reject
reasonText              Reason.Text
suggestedOrganisation   SuggestedOrganisation               > Organisation
[mediation.MediatorAssign]
@Head
assignedAt              AssignedAt                          instant
mediators               Mediator*                           > Mediator
[mediation.MediatorChange]
@Head
changedAt               ChangedAt                           instant
formerMediators         FormerMediator*                     > Mediator
mediators               Mediator*                           > Mediator
reasonCode              Reason.Code                         code:change
reasonText              Reason.Text
requestedBy             RequestedBy
[mediation.Disclosure]
@Head
mediator                Mediator                            > Mediator
ground                  Ground                              code:recusal
description             Description
disclosedAt             DisclosedAt                         instant
consents                Consent*                            > PartyAnswer
decision                Decision                            code:disclosure-decision
decidedAt               DecidedAt                           instant
[Attempt]
partyName               PartyName
at                      At                                  instant
channel                 Channel                             code:channel
result                  Result                              code:attempt-result
remark                  Remark
[mediation.Notification]
@Head
attempts                Attempt*                            > Attempt
consents                Consent*                            > PartyAnswer
[mediation.Progress]
@Head
stage                   Stage                               code:stage
summary                 Summary
nextAction              NextAction
nextDate                NextDate                            day
[mediation.Extension]
@Head
formerEndDate           FormerEndDate                       day
newEndDate              NewEndDate                          day
consents                Consent*                            > PartyAnswer
reasonCode              Reason.Code                         code:extension
reasonText              Reason.Text
[mediation.Suspension]
@Head
reasonCode              Reason.Code                         code:suspension
reasonText              Reason.Text
from                    From                                day
to                      To                                  day
[mediation.Resumption]
@Head
from                    From                                day
reasonCode              Reason.Code                         code:suspension
reasonText              Reason.Text
[mediation.ResultSuccess]
@Head
endedAt                 EndedAt                             instant
agreement               Agreement                           > Agreement
performanceState        PerformanceState                    code:performance
followUp                FollowUp                            code:follow-up
[mediation.ResultFail]
@Head
endedAt                 EndedAt                             instant
reasonCode              Reason.Code                         code:termination
reasonText              Reason.Text
costRaisingConducts     CostRaisingConduct*
hints                   Hint*
undisputedFacts         UndisputedFact*
materials               Material*                           > Material
[mediation.ResultWithdraw]
@Head
partyNames              Withdrawal.PartyName*
date                    Withdrawal.Date                     day
reasonCode              Withdrawal.Reason.Code              code:withdrawal
reasonText              Withdrawal.Reason.Text
[mediation.CourtAcknowledge]
@Head
decision                Decision                            code:acknowledged
decidedAt               DecidedAt                           instant
nextCaseNo              NextCaseNumber
closed                  Closed                              flag
corrections             Correction*
[mediation.CaseClose]
@Head
closeMode               CloseMode                           code:close-mode
closedOn                ClosedOn                            day
archiveNo               ArchiveNumber
[common.DeadlineExpired]
@Head
timer                   Timer
item                    Item
startStep               StartStep
due                     Due                                 instant
source                  Source
calendarVersion         CalendarVersion
"""

SESSIONS = """
[Participant]
name                    Name
role                    Role                                code:session-role
channel                 Channel                             code:channel
[EquipmentPlace]
partyName               PartyName
place                   Place
[mediation.SessionSchedule]
@Head
sessionId               SessionId
start                   Start                               instant
end                     End                                 instant
mode                    Mode                                code:session-mode
place                   Place
roomRef                 RoomRef
participants            Participant*                        > Participant
equipmentPlaces         EquipmentPlace*                     > EquipmentPlace
[mediation.SessionReply]
@Head
sessionId               SessionId
partyName               PartyName
reply                   Reply                               code:session-reply
at                      At                                  instant
proposedStart           ProposedStart                       instant
proposedEnd             ProposedEnd                         instant
reasonCode              Reason.Code                         code:session-reason
reasonText              Reason.Text
[IdentityCheck]
name                    Name
role                    Role                                code:session-role
method                  Method                              code:identity-method
passed                  Passed                              flag
at                      At                                  instant
[mediation.SessionIdentity]
@Head
sessionId               SessionId
checks                  Check*                              > IdentityCheck
[Presence]
name                    Name
role                    Role                                code:session-role
join                    Join                                instant
leave                   Leave                               instant
leaveReason             LeaveReason                         code:leave-reason
[QualityEvent]
at                      At                                  instant
kind                    Kind                                code:quality
name                    Name
text                    Text
[mediation.SessionReport]
@Head
sessionId               SessionId
start                   Start                               instant
end                     End                                 instant
presences               Presence*                           > Presence
qualityEvents           QualityEvent*                       > QualityEvent
[mediation.SessionRecord]
@Head
sessionId               SessionId
recordingRef            RecordingRef
durationSeconds         DurationSeconds                     count
size                    Size                                count
digest                  Digest                              id
consents                Consent*                            > PartyAnswer
retainUntil             RetainUntil                         day
[mediation.SessionMinutes]
@Head
sessionId               SessionId
minutes                 Minutes                             > DocumentRef
signatories             Signatory*                          > Signatory
undisputedFacts         UndisputedFact*
[mediation.SessionSwitchOnsite]
@Head
sessionId               SessionId
requestedBy             RequestedBy
consents                Consent*                            > PartyAnswer
place                   Place
start                   Start                               instant
reasonCode              Reason.Code                         code:session-reason
reasonText              Reason.Text
"""
